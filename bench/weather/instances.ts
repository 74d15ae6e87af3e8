/** Instances of the program as it ships, each a process with ports of its own. One that ends unasked has crashed. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../test/support/free-port.ts'
import { type Environment, endService, shipped, surroundings } from '../service.ts'
import type { Target } from './balancer.ts'

export interface Instance extends Target {
  /** Whether it serves, and was not told to end. */
  isUp(): boolean
  pid(): number | undefined
  /** When it began to serve. */
  upSince(): number
  start(): Promise<void>
  /** From now on it has to end by itself, and that is no crash. @returns as `end` */
  endsByItself(): Promise<number | string | null>
  /** Ends it. @returns its exit code, or the signal */
  end(signal: NodeJS.Signals): Promise<number | string | null>
}

export interface Logs {
  /** What instances logged of a request, when it was a warning or worse. */
  of(requestId: string): readonly string[]
  /** How often each message was logged as a warning or worse. */
  readonly counts: ReadonlyMap<string, number>
  /** A line of the instance with this name. */
  write(name: string, line: string): void
}

const WARNINGS = ['warn', 'error', 'fatal']

/** Of a stack the beginning says enough. */
const LONGEST_LINE = 600

/** All lines go to a file a instance, and what is worth a look is kept. */
export function createLogs(folder: string): Logs {
  const byRequest = new Map<string, string[]>()
  const counts = new Map<string, number>()

  const count = (message: string) => void counts.set(message, (counts.get(message) ?? 0) + 1)

  function look(line: string): void {
    if (!line.startsWith('{')) return void count(line.replace(/\(node:\d+\)/, ''))
    const { level, msg, request_id: id, err } = JSON.parse(line)
    if (!WARNINGS.includes(level)) return
    count(`${msg}${err?.message && err.message !== msg ? `: ${err.message}` : ''}`)
    if (id !== undefined) byRequest.set(id, [...(byRequest.get(id) ?? []), line.slice(0, LONGEST_LINE)])
  }

  return {
    of: requestId => byRequest.get(requestId) ?? [],
    counts,
    write(name, line) {
      appendFileSync(join(folder, `${name}.log`), `${line}\n`)
      look(line)
    },
  }
}

interface Options {
  readonly name: string
  /** Of all instances. */
  readonly environment: Environment
  readonly logs: Pick<Logs, 'write'>
  onCrash(what: string): void
}

export async function createInstance({ name, environment, logs, onCrash }: Options): Promise<Instance> {
  const [port, managementPort] = [await freePort(), await freePort()]
  const full = { ...environment, SIGNET_PORT: String(port), SIGNET_MANAGEMENT_PORT: String(managementPort) }
  let child: ChildProcess | undefined
  let isUp = false
  let upSince = Number.NaN
  // It must not outlive its bench, however that ends.
  process.once('exit', () => child?.kill('SIGKILL'))

  function start(): Promise<void> {
    const started = spawn(process.execPath, shipped, { env: { ...surroundings(), ...full } })
    child = started
    const last: string[] = []
    return new Promise((resolve, reject) => {
      const hear = (line: string) => {
        logs.write(name, line)
        last.push(line)
        if (last.length > 5) last.shift()
        if (!line.includes('"msg":"serving"')) return
        isUp = true
        upSince = performance.now()
        resolve()
      }
      createInterface(started.stdout).on('line', hear)
      createInterface(started.stderr).on('line', hear)
      started.once('exit', (code, signal) => {
        const what = `${name} ended by itself with ${code ?? signal}:\n${last.join('\n')}`
        if (isUp && child === started) {
          isUp = false
          onCrash(what)
        } else reject(new Error(what))
      })
    })
  }

  /** Whatever it does now, it does not crash. */
  function release(): ChildProcess | undefined {
    const released = child
    child = undefined
    isUp = false
    return released
  }

  return {
    ...{ name, port, managementPort, start },
    isUp: () => isUp,
    pid: () => child?.pid,
    upSince: () => upSince,
    async endsByItself() {
      const ended = release()
      if (ended?.exitCode === null && ended.signalCode === null) await once(ended, 'exit')
      return ended?.exitCode ?? ended?.signalCode ?? null
    },
    async end(signal) {
      const ended = release()
      if (ended !== undefined) await endService(ended, signal)
      return ended?.exitCode ?? ended?.signalCode ?? null
    },
  }
}
