/** The rates as a picture: a bar for each service and number of cores, and a line where the machine ends. */
import type { Kind } from './loads.ts'
import type { Report } from './report.ts'
import type { CoresResult } from './run.ts'

const WIDTH = 760
const LEFT = 190
const BAR_WIDTH = 460
const BAR = 10
const ROW = 2 * BAR + 12
const colours = { Signet: ['#1f6feb', '#9cc3ff'], peer: ['#6e7781', '#c9d1d9'] } as const

const panels: readonly { readonly kind: Kind; readonly title: string }[] = [
  { kind: 'refresh', title: 'Refreshes per second' },
  { kind: 'password', title: 'Password grants per second' },
  { kind: 'introspection', title: 'Introspections per second' },
  { kind: 'jwks', title: 'JWKS per second, and the status list' },
]

const text = (x: number, y: number, content: string, more = '') => `<text x="${x}" y="${y}"${more}>${content}</text>`
const whole = (value: number) => Math.round(value).toLocaleString('en-US')

const limitOf = (kind: Kind, { limits }: CoresResult): number | undefined =>
  ({ refresh: limits.signatures, password: limits.argon2.perSecond })[kind as string]

/** By name; the status list stands beside the other document that resource services poll. */
function ratesOf(kind: Kind, { figures }: CoresResult): ReadonlyMap<string, number> {
  const rates = new Map(Object.entries(figures[kind] ?? {}).map(([name, { perSecond }]) => [name, perSecond]))
  const statusList = figures['status-list']?.['Signet']
  return kind === 'jwks' && statusList ? new Map([['Signet, status list', statusList.perSecond], ...rates]) : rates
}

function panel({ kind, title }: (typeof panels)[number], results: readonly CoresResult[], top: number) {
  const rates = results.map(result => ratesOf(kind, result))
  const names = [...(rates[0]?.keys() ?? [])]
  const limits = results.map(result => limitOf(kind, result))
  const greatest = Math.max(...rates.flatMap(each => [...each.values()]), ...limits.map(limit => limit ?? 0))
  const x = (rate: number) => LEFT + (rate / greatest) * BAR_WIDTH
  const lines = [text(LEFT, top + 16, title, ' font-weight="600"')]
  const begin = top + 28
  for (const [row, name] of names.entries()) {
    const y = begin + row * ROW
    lines.push(text(LEFT - 10, y + BAR + 4, name, ' text-anchor="end"'))
    for (const [index, ofCores] of rates.entries()) {
      const rate = ofCores.get(name) ?? 0
      const colour = (name.startsWith('Signet') ? colours.Signet : colours.peer)[index]
      const [barTop, length] = [y + index * (BAR + 1), (x(rate) - LEFT).toFixed(1)]
      lines.push(`<rect x="${LEFT}" y="${barTop}" width="${length}" height="${BAR}" fill="${colour}"/>`)
      lines.push(text(x(rate) + 6, barTop + BAR - 1, whole(rate), ' font-size="10"'))
    }
  }
  const height = names.length * ROW
  for (const [index, limit] of limits.entries()) {
    if (limit === undefined) continue
    const position = x(limit).toFixed(1)
    const dashes = index === 0 ? '' : ' stroke-dasharray="3 3"'
    lines.push(
      `<line x1="${position}" x2="${position}" y1="${begin - 4}" y2="${begin + height - 6}" stroke="#cf222e"${dashes}/>`,
    )
  }
  return { lines, bottom: begin + height + 6 }
}

export function chartOf({ results }: Report): string {
  const lines: string[] = []
  let top = 46
  for (const each of panels) {
    const drawn = panel(each, results, top)
    lines.push(...drawn.lines)
    top = drawn.bottom
  }
  const legend =
    'Above: one core. Below, lighter: two. Red: what the machine can do at most (RSA signatures, Argon2 hashes), dashed with two.'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top + 10}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2328">`,
    '<title>Rates of Signet and of other token services</title>',
    `<rect width="${WIDTH}" height="${top + 10}" fill="#ffffff"/>`,
    text(20, 26, legend, ' font-size="11"'),
    ...lines,
    '</svg>\n',
  ].join('\n')
}
