/** The figures as tables and as curves, and where they stand in docs/performance.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chartOf } from './chart.ts'
import { type Report, type SizeFigures, whole } from './figures.ts'

const oneDigit = (value: number) => value.toFixed(1)

const table = ([head, ...rows]: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = `|${head?.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`
  return [line(head ?? []), rule, ...rows.map(line)].join('\n')
}

function refreshTable({ connections, sizes }: Report): string {
  const first = sizes[0]?.refreshes ?? []
  const rows = sizes.flatMap(({ sessions, refreshes }) =>
    refreshes.map((each, column) => [
      whole(sessions),
      String(connections[column]),
      whole(each.perSecond),
      `${((each.perSecond / (first[column]?.perSecond ?? Number.NaN)) * 100).toFixed(0)} %`,
      oneDigit(each.p50),
      oneDigit(each.p99),
      whole(each.cpuMicroseconds),
      whole(each.mainThreadMicroseconds),
    ]),
  )
  const head = ['Sessions', 'connections', 'refreshes a second', 'of the smallest', 'p50 ms', 'p99 ms']
  return table([[...head, 'µs of processor', 'of main thread'], ...rows])
}

const acts: readonly (readonly [string, (size: SizeFigures) => string])[] = [
  ['Database, MB', size => whole(size.megabytes)],
  ['Start of the service', size => whole(size.startMilliseconds)],
  ['Sign-in', size => oneDigit(size.acts.signIn)],
  ['`sessions list`', size => oneDigit(size.acts.sessionsList)],
  ['`sessions list --user`', size => oneDigit(size.acts.sessionsListOfUser)],
  ['`sessions list --client`', size => oneDigit(size.acts.sessionsListOfClient)],
  ['`sessions revoke --client`, for 1,000 sessions', size => whole(size.acts.sessionsRevoke)],
  ['A round of the janitor', size => whole(size.janitorMilliseconds)],
]

const actsTable = ({ sizes }: Report): string =>
  table([
    ['Milliseconds with so many sessions', ...sizes.map(({ sessions }) => whole(sessions))],
    ...acts.map(([name, value]) => [name, ...sizes.map(value)]),
  ])

const listsTable = ({ lists }: Report): string =>
  table([
    ['Revocations in a status list', 'bytes', 'answers a second', 'ms until a new one is shown'],
    ...lists.map(each => [
      whole(each.revocations),
      whole(each.bytes),
      whole(each.perSecond),
      whole(each.freshMilliseconds),
    ]),
  ])

export const markdownOf = (report: Report): string =>
  [
    `Measured on ${report.measuredOn}: ${report.machine}; load average before: ${oneDigit(report.loadAverage)}.`,
    refreshTable(report),
    actsTable(report),
    listsTable(report),
  ].join('\n\n')

const inDocs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url))

export function writeDocs(report: Report): void {
  const page = readFileSync(inDocs('performance.md'), 'utf8')
  const marked = /(<!-- growth: .*? -->\n).*(<!-- end of growth -->)/s
  if (!marked.test(page)) throw new Error('docs/performance.md has no marked part for growth.')
  const written = page.replace(marked, (_, begin, end) => `${begin}\n${markdownOf(report)}\n\n${end}`)
  writeFileSync(inDocs('performance.md'), written)
  writeFileSync(inDocs('growth.svg'), chartOf(report))
}
