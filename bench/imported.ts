/**
 * What the first sign-ins after an import do to everybody else: how long a refresh takes at a fixed, moderate rate, before, during and
 * after the sign-ins of 200 people whose hashes are the dearest that can be imported, Keycloak's PBKDF2 with SHA-1, 1.3 million rounds and
 * 64 bytes. All of them come at once, each from a network of its own, and who is told to come back later does. Fails when one of
 * them still has that hash afterwards. The service runs as it ships, its load on the last core.
 *
 *     npm run bench:imported
 *     npm run bench:imported -- --people 200 --seconds 10
 */
import { execFileSync } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import { readConfig } from '../src/config/read-config.ts'
import { spellPbkdf2 } from '../src/passwords/algorithms/pbkdf2.ts'
import { readStoredHash, spellImported } from '../src/passwords/stored-hash.ts'
import { systemRandomness } from '../src/randomness.ts'
import { openDatabase } from '../src/storage/open-database.ts'
import { addAccountsBefore, signInForm } from './accounts.ts'
import { openConnection, retryAfterMs } from './connection.ts'
import { password } from './forms.ts'
import { forwardedFrom, trusted } from './networks.ts'
import { describe, runLoad } from './revocations/run.ts'
import { seedSessions } from './revocations/seed.ts'
import { cpuTime, endService, mainThreadTime, prepareService, startService } from './service.ts'
import { addUsers, usernameOf } from './timing/users.ts'

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '200' },
    rate: { type: 'string', default: '150' },
    /** Of the windows without sign-ins, and of each of those beside them. */
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '15' },
  },
})
const [people, rate, seconds] = [Number(values.people), Number(values.rate), Number(values.seconds)]
/** A chain waits for its own answer: enough of them that one is always free. */
const CHAINS = 100
const GROUP = 'keycloak'

const port = 34777
const prepared = prepareService(port)
const environment = { ...prepared.environment, ...trusted }
const lastCore = availableParallelism() - 1

function keycloakHash() {
  const [salt, iterations] = [randomBytes(16), 1_300_000]
  const key = pbkdf2Sync(password, salt, iterations, 64, 'sha1')
  const passwordHash = spellImported(spellPbkdf2({ digest: 'sha1', iterations, salt, key }))
  return { passwordHash, hashCost: readStoredHash(passwordHash)?.cost }
}

/** Follows the rotation of the sessions from one window to the next. */
function createRefreshing(chains: readonly string[]) {
  let tokens = chains
  return async (forSeconds: number): Promise<readonly number[]> => {
    const outcome = await runLoad({ kind: 'refresh', port, tokens, perSecond: rate, seconds: forSeconds })
    tokens = outcome.tokens
    return outcome.latencies
  }
}

/** @returns how often somebody was told to come back */
async function signInOnce(number: number): Promise<number> {
  const connection = await openConnection(port)
  try {
    for (let refusals = 0; ; refusals += 1) {
      const form = signInForm(usernameOf(GROUP, number))
      const { status, head, body } = await connection.post('/oauth/token', form, forwardedFrom(number))
      if (status === 200) return refusals
      if (status !== 503) throw new Error(`A sign-in was answered with ${status} ${body}`)
      await delay(retryAfterMs(head))
    }
  } finally {
    connection.close()
  }
}

async function signInAll(pid: number): Promise<void> {
  const [began, cpu, main] = [performance.now(), cpuTime(pid), mainThreadTime(pid)]
  const refusals = await Promise.all(Array.from({ length: people }, (_, number) => signInOnce(number)))
  const took = (performance.now() - began) / 1000
  const share = (used: number) => (used / took / 10_000).toFixed(0)
  const columns = [
    `${people} signed in within ${took.toFixed(0)} s`,
    `told to come back ${refusals.reduce((sum, each) => sum + each)} times`,
    `the service used ${share(cpuTime(pid) - cpu)} % of a core, its main thread ${share(mainThreadTime(pid) - main)} %`,
  ]
  console.log(columns.join('   '))
}

async function measure(pid: number, refreshing: (forSeconds: number) => Promise<readonly number[]>): Promise<void> {
  const idle = [...(await refreshing(seconds))]
  const beside: number[] = []
  let isOver = false
  const signIns = signInAll(pid).finally(() => {
    isOver = true
  })
  while (!isOver) beside.push(...(await refreshing(seconds)))
  await signIns
  idle.push(...(await refreshing(seconds)))
  const before = describe('refresh without sign-ins', idle)
  const besides = describe(`refresh beside ${people} first sign-ins`, beside)
  console.log(`p99 of refresh beside them is ${(besides / before).toFixed(2)}× of what it is without`)
}

async function assertUpgraded(): Promise<void> {
  const database = await openDatabase(readConfig(environment).database, {
    clock: systemClock,
    randomness: systemRandomness,
  })
  const dearest = await database.read.users.dearestHashCost()
  await database.close()
  if (dearest !== undefined) throw new Error('Somebody still has the hash of the other system.')
}

try {
  const { userIds, clientId } = await addAccountsBefore(environment)
  await addUsers(environment, GROUP, people, keycloakHash())
  const chains = await seedSessions(environment, CHAINS, { userId: userIds[0] ?? '', clientId })
  execFileSync('taskset', ['-acp', String(lastCore), String(process.pid)], { stdio: 'ignore' })
  const service = await startService(environment, `0-${lastCore}`)
  try {
    const refreshing = createRefreshing(chains)
    await refreshing(Number(values['warm-up']))
    await measure(service.pid ?? 0, refreshing)
  } finally {
    await endService(service)
  }
  await assertUpgraded()
} finally {
  prepared.remove()
}
