/** Curves over the number of sessions, and over the number of revocations; both axes by powers of ten. */
import { type Report, whole } from './figures.ts'

interface Curve {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const [PLOT_LEFT, PLOT_WIDTH, PLOT_HEIGHT, PANEL_HEIGHT] = [70, 420, 170, 240]
const colours = ['#1f6feb', '#cf222e', '#1a7f37', '#9a6700', '#8250df', '#57606a']
const BYTES_A_KILOBYTE = 1000

const text = (x: number, y: number, content: string, more = '') => `<text x="${x}" y="${y}"${more}>${content}</text>`

/** From the power of ten below the least value to the one above the greatest. */
function scaleOf(found: readonly number[], from: number, to: number) {
  const positive = found.filter(value => value > 0)
  const low = Math.floor(Math.log10(Math.min(...positive)))
  const high = Math.max(Math.ceil(Math.log10(Math.max(...positive))), low + 1)
  const at = (value: number) => from + ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (to - from)
  return { at, ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)) }
}

function panel(title: string, curves: readonly Curve[], top: number): string[] {
  const points = curves.flatMap(curve => curve.points)
  const x = scaleOf(
    points.map(([value]) => value),
    PLOT_LEFT,
    PLOT_LEFT + PLOT_WIDTH,
  )
  const [above, below] = [top + 28, top + 28 + PLOT_HEIGHT]
  const y = scaleOf(
    points.map(([, value]) => value),
    below,
    above,
  )
  const lines = [text(PLOT_LEFT, top + 16, title, ' font-weight="600"')]
  const number = (value: number) => (value < 1 ? String(value) : whole(value))
  for (const tick of y.ticks) {
    lines.push(
      `<line x1="${PLOT_LEFT}" x2="${PLOT_LEFT + PLOT_WIDTH}" y1="${y.at(tick)}" y2="${y.at(tick)}" stroke="#d0d7de"/>`,
    )
    lines.push(text(PLOT_LEFT - 6, y.at(tick) + 4, number(tick), ' text-anchor="end" font-size="10"'))
  }
  for (const tick of x.ticks)
    lines.push(text(x.at(tick), below + 16, number(tick), ' text-anchor="middle" font-size="10"'))
  for (const [index, { name, points: own }] of curves.entries()) {
    const colour = colours[index % colours.length]
    const places = own.map(([first, second]) => [x.at(first).toFixed(1), y.at(second).toFixed(1)] as const)
    lines.push(
      `<polyline points="${places.map(place => place.join()).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    )
    for (const [left, height] of places) lines.push(`<circle cx="${left}" cy="${height}" r="3" fill="${colour}"/>`)
    lines.push(text(PLOT_LEFT + PLOT_WIDTH + 16, above + 12 + index * 18, name, ` fill="${colour}"`))
  }
  return lines
}

export function chartOf({ connections, sizes, lists }: Report): string {
  const over = (name: string, value: (size: (typeof sizes)[number]) => number): Curve => ({
    name,
    points: sizes.map(size => [size.sessions, value(size)]),
  })
  const panels: readonly (readonly [string, readonly Curve[]])[] = [
    [
      'Refreshes a second, by sessions',
      connections.map((count, column) =>
        over(`${count} ${count === 1 ? 'connection' : 'connections'}`, size => size.refreshes[column]?.perSecond ?? 0),
      ),
    ],
    [
      'Milliseconds, by sessions',
      [
        over('start of the service', size => size.startMilliseconds),
        over('sign-in', size => size.acts.signIn),
        over('sessions list', size => size.acts.sessionsList),
        over('sessions list --user', size => size.acts.sessionsListOfUser),
        over('sessions revoke, 1,000', size => size.acts.sessionsRevoke),
        over('a round of the janitor', size => size.janitorMilliseconds),
      ],
    ],
    [
      'A status list, by revocations (0 stands at 1)',
      [
        { name: 'answers a second', points: lists.map(each => [Math.max(each.revocations, 1), each.perSecond]) },
        {
          name: 'kilobytes',
          points: lists.map(each => [Math.max(each.revocations, 1), each.bytes / BYTES_A_KILOBYTE]),
        },
        {
          name: 'ms until a new one is shown',
          points: lists.map(each => [Math.max(each.revocations, 1), each.freshMilliseconds]),
        },
      ],
    ],
  ]
  const [width, height] = [740, panels.length * PANEL_HEIGHT + 10]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2328"><title>What grows with sessions and with revocations</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...panels.flatMap(([title, curves], index) => panel(title, curves, index * PANEL_HEIGHT)),
    '</svg>\n',
  ].join('\n')
}
