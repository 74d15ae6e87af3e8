/** Refreshes at a number of connections: each takes the next session of its share, so that the rows lie all over the table. */
import { setTimeout as delay } from 'node:timers/promises'
import { refreshForm } from '../accounts.ts'
import { type Connection, openConnection } from '../connection.ts'
import { cpuTime, mainThreadTime } from '../service.ts'

export interface Window {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** Of the service, for one request. */
  readonly cpuMicroseconds: number
  readonly mainThreadMicroseconds: number
}

/** What is sent next, and what becomes of its answer. */
export type Send = (connection: Connection) => Promise<void>

/** @param tokens a queue: each is refreshed in its turn, and is never sent twice */
export function refreshing(tokens: string[]): Send {
  return async connection => {
    const { body } = await connection.post('/oauth/token', refreshForm(tokens.shift() ?? ''))
    const token = JSON.parse(body).refresh_token
    if (typeof token !== 'string') throw new Error(`no refresh token: ${body}`)
    tokens.push(token)
  }
}

/** As many as there are connections ask, one request at a time each. */
export async function runWindow(options: {
  readonly port: number
  readonly pid: number
  readonly connections: number
  readonly seconds: number
  readonly send: Send
}): Promise<Window> {
  const { port, pid, connections, seconds, send } = options
  const opened = await Promise.all(Array.from({ length: connections }, () => openConnection(port)))
  const durations: number[] = []
  const [cpuBefore, mainBefore] = [cpuTime(pid), mainThreadTime(pid)]
  const begin = performance.now()
  const end = begin + seconds * 1000
  const chain = async (connection: Connection) => {
    for (let sent = begin; sent < end; ) {
      await send(connection)
      const now = performance.now()
      durations.push(now - sent)
      sent = now
    }
  }
  await Promise.all(opened.map(chain))
  const took = (performance.now() - begin) / 1000
  const [cpu, main] = [cpuTime(pid) - cpuBefore, mainThreadTime(pid) - mainBefore]
  for (const connection of opened) connection.close()
  durations.sort((a, b) => a - b)
  const quantile = (share: number) => durations[Math.floor(durations.length * share)] ?? Number.NaN
  // The other services come to rest before they are asked.
  await delay(100)
  return {
    perSecond: durations.length / took,
    p50: quantile(0.5),
    p99: quantile(0.99),
    cpuMicroseconds: cpu / durations.length,
    mainThreadMicroseconds: main / durations.length,
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Of each figure the median. */
export const medianOf = (windows: readonly Window[]): Window => ({
  perSecond: median(windows.map(each => each.perSecond)),
  p50: median(windows.map(each => each.p50)),
  p99: median(windows.map(each => each.p99)),
  cpuMicroseconds: median(windows.map(each => each.cpuMicroseconds)),
  mainThreadMicroseconds: median(windows.map(each => each.mainThreadMicroseconds)),
})
