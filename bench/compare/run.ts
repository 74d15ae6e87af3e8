/** Runs the comparison: cold starts in turn, then all services beside each other, of which one at a time is asked. */
import { setTimeout as delay } from 'node:timers/promises'
import { type BareArgon2, bareArgon2, opensslSignatures } from '../limits.ts'
import { endService, residentMegabytes } from '../service.ts'
import { type Kind, kinds, loads } from './loads.ts'
import { type Running, type Service, start } from './services.ts'
import { type Figures, figuresOf, runWindow, type Window } from './window.ts'

export interface Plan {
  readonly services: readonly Service[]
  readonly kinds: readonly Kind[]
  readonly measuresStart: boolean
  /** How many the services get: 1, 2 or both. */
  readonly cores: readonly number[]
  /** Measured of each service and kind, in windows that alternate. */
  readonly seconds: number
}

export interface StartFigures {
  /** The median. */
  readonly coldStartMilliseconds: number
  readonly idleMegabytes: number
}

export interface Limits {
  /** RSA-2048 signatures a second by OpenSSL. */
  readonly signatures: number
  readonly argon2: BareArgon2
}

export interface CoresResult {
  readonly cores: number
  readonly limits: Limits
  /** By service. */
  readonly start: Readonly<Record<string, StartFigures>>
  /** By kind and service. */
  readonly figures: Readonly<Partial<Record<Kind, Readonly<Record<string, Figures>>>>>
  /** By service, in MB, when all kinds of load are over. */
  readonly loadedMegabytes: Readonly<Record<string, number>>
}

const WINDOWS = 4
const STARTS = 5
/** Until the compiler of the runtime has seen what is hot; hashing a password needs none. */
const WARM_UP_SECONDS: Record<Kind, number> = { refresh: 10, password: 2, introspection: 6, jwks: 6, 'status-list': 6 }

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const progress = (text: string) => process.stderr.write(`${text}\n`)

async function measureStarts(services: readonly Service[], cores: string): Promise<Record<string, StartFigures>> {
  const runs = services.map(service => ({
    name: service.name,
    milliseconds: [] as number[],
    megabytes: [] as number[],
  }))
  // The first start makes keys and tables, and fills the cache of compiled code.
  for (const service of services) await endService((await start(service, cores)).child)
  for (let round = 0; round < STARTS; round += 1)
    for (const [index, service] of services.entries()) {
      const running = await start(service, cores)
      await delay(1000)
      runs[index]?.milliseconds.push(running.startMilliseconds)
      runs[index]?.megabytes.push(residentMegabytes(running.pid))
      await endService(running.child)
    }
  return Object.fromEntries(
    runs.map(({ name, milliseconds, megabytes }) => [
      name,
      { coldStartMilliseconds: median(milliseconds), idleMegabytes: median(megabytes) },
    ]),
  )
}

async function measureKind(kind: Kind, running: readonly Running[], seconds: number): Promise<Record<string, Figures>> {
  const asked: { name: string; window: (forSeconds: number) => Promise<Window>; windows: Window[] }[] = []
  for (const { service, pid } of running) {
    const load = await loads[kind](service)
    if (load === undefined) continue
    const window = (forSeconds: number) => runWindow(pid, load(), forSeconds)
    await window(Math.min(WARM_UP_SECONDS[kind], seconds))
    asked.push({ name: service.name, window, windows: [] })
  }
  for (let round = 0; round < WINDOWS; round += 1)
    for (const { window, windows } of asked) windows.push(await window(seconds / WINDOWS))
  return Object.fromEntries(asked.map(({ name, windows }) => [name, figuresOf(windows)]))
}

function limitsOf(cores: string): Limits {
  return { signatures: opensslSignatures(cores), argon2: bareArgon2(cores) }
}

/** The middle of what was measured before and after. */
function between(one: Limits, other: Limits): Limits {
  const middle = (value: (limits: Limits) => number) => (value(one) + value(other)) / 2
  return {
    signatures: middle(limits => limits.signatures),
    argon2: {
      perSecond: middle(limits => limits.argon2.perSecond),
      cpuMicroseconds: middle(limits => limits.argon2.cpuMicroseconds),
    },
  }
}

async function runOn(cores: number, plan: Plan): Promise<CoresResult> {
  const names = Array.from({ length: cores }, (_, index) => index).join(',')
  const label = cores === 1 ? 'one core' : 'two cores'
  const before = limitsOf(names)
  if (plan.measuresStart) progress(`${label}: cold starts`)
  const startFigures = plan.measuresStart ? await measureStarts(plan.services, names) : {}
  const running: Running[] = []
  const figures: Partial<Record<Kind, Record<string, Figures>>> = {}
  try {
    for (const service of plan.services) running.push(await start(service, names))
    for (const kind of kinds.filter(each => plan.kinds.includes(each))) {
      progress(`${label}: ${kind}`)
      figures[kind] = await measureKind(kind, running, plan.seconds)
    }
    const loadedMegabytes = Object.fromEntries(
      running.map(({ service, pid }) => [service.name, residentMegabytes(pid)]),
    )
    return { cores, limits: between(before, limitsOf(names)), start: startFigures, figures, loadedMegabytes }
  } finally {
    for (const { child } of running) await endService(child)
  }
}

export async function runPlan(plan: Plan): Promise<readonly CoresResult[]> {
  const results: CoresResult[] = []
  for (const cores of plan.cores) results.push(await runOn(cores, plan))
  return results
}
