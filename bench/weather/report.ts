/** What is printed in the end. */
import type { Recovery } from './forecast.ts'
import { type Exchange, type Journal, REFUSED_WITHIN_MS, took } from './journal.ts'

type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>

/** More stories of the same rule say little. */
const MOST_STORIES = 3

function table(rows: Counts, first: string): string[] {
  const outcomes = [...new Set([...rows.values()].flatMap(counts => [...counts.keys()]))].sort()
  const line = (cells: readonly (string | number)[]) =>
    [String(cells[0]).padEnd(24), ...cells.slice(1).map(cell => String(cell).padStart(8))].join('')
  return [
    line([first, ...outcomes]),
    ...[...rows].map(([name, counts]) => line([name, ...outcomes.map(outcome => counts.get(outcome) ?? 0)])),
  ]
}

function describeRecoveries(recoveries: readonly Recovery[]): string[] {
  const byWeather = Map.groupBy(recoveries, ({ weather }) => weather)
  return [...byWeather].map(([weather, all]) => {
    const times = all.map(({ ms }) => ms).sort((one, other) => one - other)
    return `${weather.padEnd(24)}${times.map(ms => ms.toFixed(0).padStart(8)).join('')}`
  })
}

const describeSlowest = (what: string, exchange: Exchange | undefined): string =>
  exchange === undefined
    ? `${what}: none`
    : `${what}: ${took(exchange).toFixed(0)} ms, a ${exchange.kind} to ${exchange.instance}, ${exchange.weather} (${exchange.status})`

interface Reported {
  readonly journal: Journal
  readonly commands: Counts
  readonly recoveries: readonly Recovery[]
  readonly slowestNoticeMs: number
  readonly looked: number
  readonly logged: ReadonlyMap<string, number>
}

export function report({ journal, commands, recoveries, slowestNoticeMs, looked, logged }: Reported): string[] {
  const { exchanges, refusals, violations, slowest, slowestRefusal, excused } = journal
  const byRule = Map.groupBy(violations, ({ rule }) => rule)
  return [
    '',
    ...table(exchanges, 'requests by answer'),
    '',
    ...table(commands, 'commands by exit code'),
    '',
    '503 by weather',
    ...[...refusals].map(([weather, count]) => `${weather.padEnd(24)}${String(count).padStart(8)}`),
    '',
    'ms from the server being back to the first good refresh, of each instance',
    ...describeRecoveries(recoveries),
    '',
    `${describeSlowest('slowest 503', slowestRefusal)}; promised are ${REFUSED_WITHIN_MS} ms`,
    describeSlowest('slowest answer', slowest),
    `slowest notice of a revocation by a status list: ${slowestNoticeMs.toFixed(0)} ms`,
    `${excused} times 503 or no answer in fair weather while the machine let the instance wait for a processor`,
    `${looked} sessions were looked at again in the end`,
    '',
    'logged as a warning or worse',
    ...[...logged].map(([message, count]) => `${String(count).padStart(8)}  ${message}`),
    '',
    ...[...byRule].flatMap(([rule, all]) => [
      `violated ${all.length} times: ${rule}`,
      ...all.slice(0, MOST_STORIES).map(({ story }) => story.replaceAll(/^/gm, '    ')),
    ]),
  ]
}
