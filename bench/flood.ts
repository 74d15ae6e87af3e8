/**
 * What a flood of wrong passwords does to everybody else: how long a refresh and the JWKS take at a fixed, moderate rate without and
 * with 200 who guess, each from a network of its own, one after the other; who is refused waits for as long as Retry-After says. The service runs as it ships, its load in a
 * process for each kind on the last core.
 *
 *     npm run bench:flood
 *     npm run bench:flood -- --guessers 200 --seconds 10
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { addAccountsBefore } from './accounts.ts'
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
const { environment, remove } = prepareService(port)

async function measure(pid: number, chains: readonly string[]): Promise<void> {
  let tokens = chains
  async function asking(forSeconds: number) {
    const [refreshes, jwks] = await Promise.all([
      runLoad({ kind: 'refresh', port, tokens, perSecond: rate, seconds: forSeconds }),
      runLoad({ kind: 'jwks', port, tokens: [], perSecond: rate, seconds: forSeconds }),
    ])
    tokens = refreshes.tokens
    return { refresh: refreshes.latencies, jwks: jwks.latencies }
  }
  const guessing = () => runLoad({ kind: 'guess', port, tokens: [], perSecond: guessers, seconds })

  await asking(warmUp)
  const [idle, flooded] = [
    { refresh: [] as number[], jwks: [] as number[] },
    { refresh: [] as number[], jwks: [] as number[] },
  ]
  for (let round = 0; round < rounds; round += 1) {
    const quiet = await asking(seconds)
    const before = { cpu: cpuTime(pid), main: mainThreadTime(pid) }
    const [during, guesses] = await Promise.all([asking(seconds), guessing()])
    const share = (used: number) => (used / seconds / 10_000).toFixed(0)
    const columns = [
      `${(guesses.answered / seconds).toFixed(0)} guesses/s answered`,
      `${(guesses.refused / seconds).toFixed(0)}/s refused before any work`,
      `the service used ${share(cpuTime(pid) - before.cpu)} % of a core, its main thread ${share(mainThreadTime(pid) - before.main)} %`,
    ]
    console.log(columns.join('   '))
    for (const kind of ['refresh', 'jwks'] as const) {
      idle[kind].push(...quiet[kind])
      flooded[kind].push(...during[kind])
    }
  }
  for (const kind of ['refresh', 'jwks'] as const) {
    const before = describe(`${kind} without a flood`, idle[kind])
    const besides = describe(`${kind} beside ${guessers} who guess`, flooded[kind])
    console.log(`p99 of ${kind} with the flood is ${(besides / before).toFixed(2)}× of what it is without`)
  }
}

try {
  const { userIds, clientId } = await addAccountsBefore(environment)
  const tokens = await seedSessions(environment, CHAINS, { userId: userIds[0] ?? '', clientId })
  const cores = availableParallelism()
  execFileSync('taskset', ['-acp', String(cores - 1), String(process.pid)], { stdio: 'ignore' })
  const service = await startService(environment, `0-${cores - 1}`)
  try {
    await measure(service.pid ?? 0, tokens)
  } finally {
    await endService(service)
  }
} finally {
  remove()
}
