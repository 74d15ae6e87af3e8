/** What was measured as tables, in Markdown that a terminal shows as well. */
import type { Kind } from './loads.ts'
import type { CoresResult } from './run.ts'
import type { Figures } from './window.ts'

export interface Report {
  readonly measuredOn: string
  readonly machine: string
  readonly node: string
  readonly openssl: string
  /** By service. */
  readonly versions: Readonly<Record<string, string>>
  readonly secondsEach: number
  /** Of the minute before: whether something else ran. */
  readonly loadAverage: number
  /** True when the load had to share a core with a service that had two. */
  readonly loadShares: boolean
  readonly results: readonly CoresResult[]
}

const titles: Record<Kind, string> = {
  refresh: 'Refresh',
  password: 'Password grant',
  introspection: 'Introspection',
  jwks: 'JWKS',
  'status-list': 'Status list',
}

/** Above that the load itself may be what limits. */
const LOAD_LIMIT = 0.9

const whole = (value: number) => Math.round(value).toLocaleString('en-US')
const times = (value: number) => `${value.toFixed(2)}×`
const oneDigit = (value: number) => value.toFixed(1)

type Row = readonly string[]

/** Columns of equal width; all but the first stand to the right. */
function table([head, ...rows]: readonly [Row, ...Row[]]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(row => row[column]?.length ?? 0)))
  const line = (row: Row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    return `| ${cells.join(' | ')} |`
  }
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

interface Limit {
  readonly name: string
  readonly perSecond: number
  readonly cpuMicroseconds?: number
}

function limitOf(kind: Kind, { limits }: CoresResult): Limit | undefined {
  if (kind === 'refresh') return { name: '`openssl speed rsa2048`', perSecond: limits.signatures }
  if (kind === 'password') return { name: 'argon2 alone', ...limits.argon2 }
  return undefined
}

/** Of a kind, by name; beside the status list stands what peers have, their JWKS. */
function figuresOf(kind: Kind, { figures }: CoresResult): readonly (readonly [string, Figures])[] {
  const own = Object.entries(figures[kind] ?? {})
  if (kind !== 'status-list') return own
  const peers = Object.entries(figures.jwks ?? {}).filter(([name]) => name !== 'Signet')
  return [...own, ...peers.map(([name, each]) => [`${name}, JWKS`, each] as const)]
}

function kindTable(kind: Kind, result: CoresResult): string {
  const figures = figuresOf(kind, result)
  const signet = figures.find(([name]) => name === 'Signet')?.[1]
  const rate = (perSecond: number) => (signet === undefined ? '' : times(signet.perSecond / perSecond))
  const byProcessor = (cpu: number) => (signet === undefined ? '' : times(cpu / signet.cpuMicroseconds))
  const head = [titles[kind], 'per second', 'Signet is', 'p50 ms', 'p99 ms', 'µs of processor', 'of main thread']
  const rows = figures.map(([name, each]) => [
    name,
    whole(each.perSecond),
    rate(each.perSecond),
    oneDigit(each.p50),
    oneDigit(each.p99),
    whole(each.cpuMicroseconds),
    whole(each.mainThreadMicroseconds),
    byProcessor(each.cpuMicroseconds),
    `${whole(each.load * 100)} %${each.load > LOAD_LIMIT ? ' (!)' : ''}`,
  ])
  const limit = limitOf(kind, result)
  if (limit !== undefined) {
    const { name, perSecond, cpuMicroseconds: cpu } = limit
    const processor = cpu === undefined ? ['', '', ''] : [whole(cpu), '', byProcessor(cpu)]
    rows.push([name, whole(perSecond), rate(perSecond), '', '', ...processor, ''])
  }
  return table([[...head, 'Signet is, by processor', 'load'], ...rows])
}

function startTable({ start, loadedMegabytes }: CoresResult): string {
  const head = ['Start and memory', 'cold start ms', 'idle MB', 'after the load MB']
  const rows = Object.entries(loadedMegabytes).map(([name, loaded]) => {
    const figures = start[name]
    const [cold, idle] = figures ? [figures.coldStartMilliseconds, figures.idleMegabytes] : [Number.NaN, Number.NaN]
    return [name, ...[cold, idle, loaded].map(value => (Number.isNaN(value) ? '' : whole(value)))]
  })
  return table([head, ...rows])
}

function coresSection(result: CoresResult, { loadShares }: Report): string {
  const kinds = Object.keys(result.figures) as Kind[]
  const title = result.cores === 1 ? '### One core for the service' : '### Two cores for the service'
  const shared = 'The load shares the second of them.'
  return [
    title,
    ...(result.cores > 1 && loadShares ? [shared] : []),
    ...kinds.map(kind => kindTable(kind, result)),
    startTable(result),
  ].join('\n\n')
}

export function markdownOf(report: Report): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`)
  const about = [
    `Measured on ${report.measuredOn}: ${report.machine}, Node ${report.node}, ${report.openssl}; ${versions.join(', ')};`,
    `${report.secondsEach} seconds each; load average before: ${report.loadAverage.toFixed(1)}.`,
  ]
  return [about.join('\n'), ...report.results.map(result => coresSection(result, report))].join('\n\n')
}
