/**
 * What a flood of wrong passwords does to everybody else: how long a refresh, an introspection and the JWKS take at a fixed, moderate
 * rate without and with 200 who guess, one guess after the other; who is refused waits for as long as Retry-After says. Then the
 * guesses alone: how many sign-ins the service answers for the processor time that it uses, beside what the package that hashes
 * gives when it does nothing else. The service runs as it ships, its load in a process for each kind on the last core.
 *
 *     npm run bench:flood
 *     npm run bench:flood -- --guessers 200 --seconds 10
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { addAccountsBefore } from './accounts.ts'
import { type BareArgon2, bareArgon2 } from './limits.ts'
import { trusted } from './networks.ts'
import type { Outcome } from './revocations/load.ts'
import { describe, runLoad } from './revocations/run.ts'
import { seedSessions } from './revocations/seed.ts'
import { cpuTime, endService, mainThreadTime, prepareService, startService } from './service.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '150' },
    guessers: { type: 'string', default: '200' },
    /** Until the compiler of the runtime has seen what is hot. */
    'warm-up': { type: 'string', default: '15' },
    rounds: { type: 'string', default: '2' },
  },
})
const [seconds, rate, guessers] = [Number(values.seconds), Number(values.rate), Number(values.guessers)]
const [warmUp, rounds] = [Number(values['warm-up']), Number(values.rounds)]
/** A chain waits for its own answer: enough of them that one is always free. */
const CHAINS = 100

const port = 34577
const prepared = prepareService(port)
const environment = { ...prepared.environment, ...trusted }
const cores = Array.from({ length: availableParallelism() }, (_, index) => index)

const kinds = ['refresh', 'introspect', 'jwks'] as const
type Latencies = Record<(typeof kinds)[number], readonly number[]>

/** Follows the rotation of the sessions from one window to the next. */
function createAsking(chains: readonly string[]) {
  let [introspected = '', ...tokens] = chains
  return async (forSeconds: number): Promise<Latencies> => {
    const load = { port, perSecond: rate, seconds: forSeconds }
    const [refreshes, introspections, jwks] = await Promise.all([
      runLoad({ ...load, kind: 'refresh', tokens }),
      runLoad({ ...load, kind: 'introspect', tokens: [introspected] }),
      runLoad({ ...load, kind: 'jwks', tokens: [] }),
    ])
    tokens = [...refreshes.tokens]
    introspected = introspections.tokens[0] ?? ''
    return { refresh: refreshes.latencies, introspect: introspections.latencies, jwks: jwks.latencies }
  }
}

const guessing = () => runLoad({ kind: 'guess', port, tokens: [], perSecond: guessers, seconds })

/** Prints what the guesses were and what they cost the service. @returns processor time of a guess, in microseconds */
async function observed(pid: number, window: () => Promise<Outcome>): Promise<number> {
  const before = { cpu: cpuTime(pid), main: mainThreadTime(pid) }
  const { answered, refused } = await window()
  const [cpu, main] = [cpuTime(pid) - before.cpu, mainThreadTime(pid) - before.main]
  const share = (used: number) => (used / seconds / 10_000).toFixed(0)
  const columns = [
    `${(answered / seconds).toFixed(0)} guesses/s answered`,
    `${(refused / seconds).toFixed(0)}/s refused before any work`,
    `the service used ${share(cpu)} % of a core, its main thread ${share(main)} %`,
  ]
  console.log(columns.join('   '))
  return cpu / answered
}

async function measureOthers(pid: number, asking: (forSeconds: number) => Promise<Latencies>): Promise<void> {
  const idle: Latencies[] = []
  const flooded: Latencies[] = []
  for (let round = 0; round < rounds; round += 1) {
    idle.push(await asking(seconds))
    await observed(pid, async () => {
      const [during, guesses] = await Promise.all([asking(seconds), guessing()])
      flooded.push(during)
      return guesses
    })
  }
  for (const kind of kinds) {
    const all = (windows: readonly Latencies[]) => windows.flatMap(window => window[kind])
    const before = describe(`${kind} without a flood`, all(idle))
    const besides = describe(`${kind} beside ${guessers} who guess`, all(flooded))
    console.log(`p99 of ${kind} with the flood is ${(besides / before).toFixed(2)}× of what it is without`)
  }
}

/** The machine may become slower or faster: what the package gives is measured before and after. */
async function measureGuesses(pid: number): Promise<void> {
  const bare: BareArgon2[] = [bareArgon2(cores.join(','))]
  const cost = await observed(pid, guessing)
  bare.push(bareArgon2(cores.join(',')))
  const bareCost = bare.reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds / bare.length, 0)
  console.log(`a guess costs ${cost.toFixed(0)} µs of processor, a hash alone ${bareCost.toFixed(0)} µs`)
  console.log(`sign-ins are ${((bareCost / cost) * 100).toFixed(0)} % of what argon2 alone gives per processor second`)
}

try {
  const { userIds, clientId } = await addAccountsBefore(environment)
  const chains = await seedSessions(environment, CHAINS + 1, { userId: userIds[0] ?? '', clientId })
  execFileSync('taskset', ['-acp', String(cores.at(-1)), String(process.pid)], { stdio: 'ignore' })
  const service = await startService(environment, `0-${cores.at(-1)}`)
  try {
    const [pid, asking] = [service.pid ?? 0, createAsking(chains)]
    await asking(warmUp)
    await measureOthers(pid, asking)
    await measureGuesses(pid)
  } finally {
    await endService(service)
  }
} finally {
  prepared.remove()
}
