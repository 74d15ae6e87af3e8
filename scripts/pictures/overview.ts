/** The picture of the README: who asks whom for what, and what needs no question. */
import { escaped, toSvg } from './svg.ts'

const WIDTH = 880
const HEIGHT = 375
/** Nothing is drawn above. */
const TOP = 25

const style = `
  text { font: 14px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
  .name { font-weight: 600; font-size: 15px }
  .small { font-size: 12.5px; fill: #59636e }
  .code { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: 12.5px }
  .box { fill: #f6f8fa; stroke: #d1d9e0 }
  .signet { fill: #ddf4ff; stroke: #54aeff }
  .line { stroke: #59636e; stroke-width: 1.5; fill: none }
  .quiet { stroke-dasharray: 4 4 }
  .head { fill: #59636e }
  .step { fill: #0969da }
  .number { fill: #ffffff; font-size: 12px; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 }
    .box { fill: #151b23; stroke: #3d444d } .signet { fill: #0c2d6b; stroke: #1f6feb }
    .line { stroke: #9198a1 } .head { fill: #9198a1 } .step { fill: #1f6feb }
  }`

interface Point {
  readonly x: number
  readonly y: number
}

const text = (at: Point, words: string, look = '', anchor: 'start' | 'middle' | 'end' = 'start') =>
  `<text x="${at.x}" y="${at.y}" text-anchor="${anchor}"${look && ` class="${look}"`}>${escaped(words)}</text>`

const box = (at: Point, width: number, height: number, look: string) =>
  `<rect x="${at.x}" y="${at.y}" width="${width}" height="${height}" rx="8" class="${look}"/>`

/** From left to right or back, or down: the head is at `to`. */
function arrow(from: Point, to: Point, look = 'line'): string {
  const [dx, dy] = [Math.sign(to.x - from.x), Math.sign(to.y - from.y)]
  const [x, y] = [to.x - 9 * dx, to.y - 9 * dy]
  const head = `${to.x},${to.y} ${x - 5 * dy},${y - 5 * dx} ${x + 5 * dy},${y + 5 * dx}`
  return `<path d="M${from.x} ${from.y}L${x} ${y}" class="${look}"/><polygon points="${head}" class="head"/>`
}

const step = (at: Point, number: number) =>
  `<circle cx="${at.x}" cy="${at.y}" r="10" class="step"/>${text({ x: at.x, y: at.y + 4 }, String(number), 'number', 'middle')}`

/** A box with a name and lines of words. */
const card = (at: Point, width: number, height: number, look: string, name: string, words: readonly string[]) => {
  const middle = at.x + width / 2
  return [
    box(at, width, height, look),
    text({ x: middle, y: at.y + 30 }, name, 'name', 'middle'),
    ...words.map((line, index) => text({ x: middle, y: at.y + 56 + 19 * index }, line, 'small', 'middle')),
  ]
}

const callers = card({ x: 10, y: 60 }, 210, 120, 'box', 'People and machines', [
  'a password, a secret,',
  'an API key, or a JWT that',
  'their platform signed',
])

const service = [
  ...card({ x: 385, y: 40 }, 170, 160, 'signet', 'Signet', [
    'users, clients, roles,',
    'sessions, signing keys,',
    'a sealed audit',
  ]),
  text({ x: 470, y: 176 }, 'SQLite or PostgreSQL', 'small', 'middle'),
]

const resources = card({ x: 690, y: 60 }, 170, 120, 'box', 'Your services', [
  'verify each token',
  'by themselves:',
  'no call per request',
])

const exchange = [
  arrow({ x: 220, y: 95 }, { x: 385, y: 95 }),
  text({ x: 300, y: 77 }, 'POST /oauth/token', 'code', 'middle'),
  arrow({ x: 385, y: 145 }, { x: 220, y: 145 }),
  text({ x: 300, y: 163 }, 'access token, 10 min', 'small', 'middle'),
  step({ x: 300, y: 95 }, 1),
]

const offline = [
  arrow({ x: 690, y: 90 }, { x: 555, y: 90 }, 'line quiet'),
  text({ x: 622, y: 72 }, 'public keys', 'small', 'middle'),
  arrow({ x: 690, y: 145 }, { x: 555, y: 145 }, 'line quiet'),
  text({ x: 622, y: 170 }, 'status list, every 5 s', 'small', 'middle'),
  step({ x: 622, y: 90 }, 4),
  step({ x: 622, y: 145 }, 3),
]

const request = [
  `<path d="M115 180V232H775V190" class="line"/><polygon points="775,181 770,190 780,190" class="head"/>`,
  step({ x: 470, y: 232 }, 2),
  text({ x: 470, y: 258 }, 'requests with the access token', 'small', 'middle'),
]

const legend = (number: number, name: string, words: string): string[] => {
  const y = 296 + 28 * (number - 1)
  return [step({ x: 40, y }, number), text({ x: 62, y: y + 5 }, name, 'name'), text({ x: 200, y: y + 5 }, words)]
}

const legends = [
  ...legend(1, 'Sign-in', 'A credential becomes a short-lived RS256 access token and, for a session, a refresh token.'),
  ...legend(2, 'Verification', 'Offline, with the public keys. It goes on when Signet is down.'),
  ...legend(
    3,
    'Revocation',
    'A signed list of what is revoked. Services that poll it refuse the token within 10 seconds.',
  ),
  ...legend(
    4,
    'Key rotation',
    'A new key is published at least a day before it signs, an old one until its tokens expire.',
  ),
]

export const overview = (): string =>
  toSvg({
    width: WIDTH,
    height: HEIGHT,
    top: TOP,
    title:
      'People and machines exchange a credential at POST /oauth/token for an access token. Services verify it offline with the public keys ' +
      'that they fetch from Signet, and learn of revocations from a status list that they poll every five seconds.',
    style,
    shapes: [...callers, ...service, ...resources, ...exchange, ...offline, ...request, ...legends],
  })
