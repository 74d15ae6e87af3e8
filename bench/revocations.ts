/**
 * What 1,000 revocations a second do to everybody else: how long a refresh takes at a fixed, moderate rate without and with them,
 * while verifiers poll the status list; and what the list weighs. The 99th percentile must stay within four times of what it is without.
 * The service runs as it ships, its load in a process for each kind on the last core.
 *
 *     npm run bench:revocations
 *     npm run bench:revocations -- --seconds 10 --rate 150 --revocations 1000
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { addAccountsBefore } from './accounts.ts'
import { describe, runLoad } from './revocations/run.ts'
import { seedSessions } from './revocations/seed.ts'
import { SETTLING_MS } from './revocations/settling.ts'
import { cpuTime, endService, prepareService, startService } from './service.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '150' },
    revocations: { type: 'string', default: '1000' },
    /** Until the compiler of the runtime has seen what is hot. */
    'warm-up': { type: 'string', default: '15' },
    rounds: { type: 'string', default: '2' },
  },
})
const [seconds, rate, revocations] = [Number(values.seconds), Number(values.rate), Number(values.revocations)]
const [warmUp, rounds] = [Number(values['warm-up']), Number(values.rounds)]
/** A chain waits for its own answer: enough of them that one is always free. */
const CHAINS = 100

const port = 34575
const { environment, remove } = prepareService(port)

async function measure(pid: number, chains: readonly string[], victims: string[]): Promise<void> {
  let tokens = chains
  const refreshing = async (forSeconds: number) => {
    const outcome = await runLoad({ kind: 'refresh', port, tokens, perSecond: rate, seconds: forSeconds })
    tokens = outcome.tokens
    return outcome.latencies
  }
  const revoking = (forSeconds: number) =>
    Promise.all([
      runLoad({
        kind: 'revoke',
        port,
        tokens: victims.splice(0, revocations * forSeconds),
        perSecond: revocations,
        seconds: forSeconds,
      }),
      runLoad({ kind: 'poll', port, tokens: [], perSecond: 10, seconds: forSeconds }),
    ])
  const [, [, warm]] = await Promise.all([refreshing(warmUp), revoking(warmUp)])
  const first = warm.documents.find(({ revoked }) => revoked >= 1000)
  if (first !== undefined) console.log(`the document: ${first.revoked} revoked of 2^20 are ${first.bytes} bytes`)

  const [without, during]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    without.push(...(await refreshing(seconds)))
    const cpuBefore = cpuTime(pid)
    const [latencies, [revoked, { documents }]] = await Promise.all([refreshing(seconds), revoking(seconds)])
    during.push(...latencies)
    const newest = documents.at(-1)
    const columns = [
      `${(revoked.latencies.length / (seconds - SETTLING_MS / 1000)).toFixed(0)} revocations/s`,
      `${(documents.length / seconds).toFixed(1)} documents/s`,
      `${newest?.revoked} revoked are ${newest?.bytes} bytes`,
      `the service used ${((cpuTime(pid) - cpuBefore) / seconds / 10_000).toFixed(0)} % of a core`,
    ]
    console.log(columns.join('   '))
  }
  const before = describe('without revocations', without)
  const besides = describe(`with ${revocations} revocations a second`, during)
  console.log(`p99 with revocations is ${(besides / before).toFixed(2)}× of what it is without`)
}

try {
  const { userIds, clientId } = await addAccountsBefore(environment)
  const victims = revocations * (warmUp + rounds * seconds)
  const parties = { userId: userIds[0] ?? '', clientId }
  const tokens = await seedSessions(environment, CHAINS + victims, parties)
  // What measures runs on the last core, and so do the processes that it starts; the service has all of them.
  const cores = availableParallelism()
  execFileSync('taskset', ['-acp', String(cores - 1), String(process.pid)], { stdio: 'ignore' })
  const service = await startService(environment, `0-${cores - 1}`)
  try {
    await measure(service.pid ?? 0, tokens.slice(0, CHAINS), tokens.slice(CHAINS))
  } finally {
    await endService(service)
  }
} finally {
  remove()
}
