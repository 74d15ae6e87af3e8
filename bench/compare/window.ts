/** One window of load: what was answered in it, how soon, and what it cost the service. */
import { setTimeout as delay } from 'node:timers/promises'
import { cpuTime, mainThreadTime } from '../service.ts'

export interface Window {
  readonly seconds: number
  /** Of each request, in milliseconds. */
  readonly durations: readonly number[]
  /** Processor time of the service, in microseconds, and what of it was the thread that runs JavaScript. */
  readonly cpuMicroseconds: number
  readonly mainThreadMicroseconds: number
  /** Which share of a core the load itself used. */
  readonly load: number
}

/** Counts a request that was sent then and is answered now. @returns now, or undefined when the window is over */
export type Lap = (sent: number) => number | undefined

/** Sends one request after the other until the window is over. */
export type Chain = (lap: Lap) => Promise<void>

/** Until all connections are open and busy. */
const RAMP_MS = 300

/** @param pid of the service */
export async function runWindow(pid: number, chains: readonly Chain[], seconds: number): Promise<Window> {
  const durations: number[] = []
  const begin = performance.now() + RAMP_MS
  const end = begin + seconds * 1000
  async function readAt(time: number) {
    await delay(time - performance.now())
    return { cpu: cpuTime(pid), mainThread: mainThreadTime(pid), load: process.cpuUsage() }
  }
  // What is answered counts, whenever it was sent: hashes take a good part of a window.
  const lap: Lap = sent => {
    const now = performance.now()
    if (now >= begin && now < end) durations.push(now - sent)
    return now < end ? now : undefined
  }
  const [before, after] = await Promise.all([readAt(begin), readAt(end), ...chains.map(chain => chain(lap))])
  const { user, system } = after.load
  const used = user + system - before.load.user - before.load.system
  return {
    seconds,
    durations,
    cpuMicroseconds: after.cpu - before.cpu,
    mainThreadMicroseconds: after.mainThread - before.mainThread,
    load: used / 1e6 / seconds,
  }
}

export interface Figures {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  /** A request. */
  readonly cpuMicroseconds: number
  readonly mainThreadMicroseconds: number
  readonly load: number
  /** Of each window, per second: how steady the machine was. */
  readonly windows: readonly number[]
}

export function figuresOf(windows: readonly Window[]): Figures {
  const sum = (value: (window: Window) => number) => windows.reduce((total, window) => total + value(window), 0)
  const durations = Float64Array.from(windows.flatMap(window => window.durations)).sort()
  const quantile = (share: number) => durations[Math.floor(durations.length * share)] ?? Number.NaN
  return {
    perSecond: durations.length / sum(window => window.seconds),
    p50: quantile(0.5),
    p99: quantile(0.99),
    cpuMicroseconds: sum(window => window.cpuMicroseconds) / durations.length,
    mainThreadMicroseconds: sum(window => window.mainThreadMicroseconds) / durations.length,
    load: sum(window => window.load) / windows.length,
    windows: windows.map(window => window.durations.length / window.seconds),
  }
}
