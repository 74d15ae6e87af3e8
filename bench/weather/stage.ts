/** Three instances behind a balancer on a database, and everybody who takes part. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.ts'
import { addAccountsBefore, addMachines } from '../accounts.ts'
import { trusted } from '../networks.ts'
import { randomOf } from '../random.ts'
import { createAsking } from './asking.ts'
import { startBalancer } from './balancer.ts'
import { createCast, USERNAMES } from './cast.ts'
import type { Recovery } from './forecast.ts'
import { createInstance, createLogs } from './instances.ts'
import { createJournal } from './journal.ts'
import { lookAtEverything } from './last-look.ts'
import { watchLateness } from './lateness.ts'
import { createOracle } from './oracle.ts'
import { report } from './report.ts'
import { createSky } from './sky.ts'

const NAMES = ['a', 'b', 'c']

export type Stage = Awaited<ReturnType<typeof prepareStage>>

/** @param databaseUrl as the instances have it */
export async function prepareStage(options: {
  readonly databaseUrl: string
  readonly seed: number
  readonly isShort: boolean
}) {
  const { databaseUrl, seed, isShort } = options
  const folder = mkdtempSync(join(tmpdir(), 'signet-weather-'))
  const balancer = await startBalancer(await freePort())
  const environment = {
    ...trusted,
    NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
    SIGNET_ISSUER: `http://127.0.0.1:${balancer.port}`,
    SIGNET_DATABASE_URL: databaseUrl,
    SIGNET_KEYS_DIR: join(folder, 'keys'),
    // Few users stand for many.
    SIGNET_SESSION_LIMIT: '1000',
    // A balancer must have time to notice.
    SIGNET_SHUTDOWN_DELAY: '1s',
  }
  await addAccountsBefore(environment, [...USERNAMES, 'bench'])
  await addMachines(environment)

  const [startedAt, sky, logs] = [performance.now(), createSky(), createLogs(folder)]
  const onCrash = (what: string) => journal.violate('no instance ends by itself', what)
  const instances = await Promise.all(NAMES.map(name => createInstance({ name, environment, logs, onCrash })))
  const lateness = watchLateness(instances)
  const isUp = (name: string) => instances.some(instance => instance.name === name && instance.isUp())
  const journal = createJournal({ sky, lateness, startedAt, logOf: logs.of, isUp })
  // All at once: they agree on the first keys, too.
  await Promise.all(instances.map(instance => instance.start()))
  balancer.follow(instances)

  const random = (name: string) => randomOf(seed, name)
  const [oracle, ask] = [createOracle(journal, sky), createAsking(sky, journal)]
  const cast = createCast({ environment, balancer, instances, journal, oracle, sky, ask, random, isShort })
  // Every password takes its time.
  while (cast.isSigningIn()) await delay(50)

  return {
    ...{
      environment,
      balancer,
      instances,
      journal,
      oracle,
      sky,
      ask,
      lateness,
      cast,
      random,
      isShort,
      startedAt,
      logs,
    },
    say: (line: string) => console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${line}`),
    /** Asks for everything that was acknowledged once more. @returns how many sessions that were */
    async lastLook(): Promise<number> {
      await cast.stop()
      return lookAtEverything(oracle, ask, { port: balancer.port })
    },
    /** Prints what came of it. @returns how many violations */
    tell(recoveries: readonly Recovery[], looked: number): number {
      const { commands } = cast.operator
      const slowestNoticeMs = cast.verifier.slowestNoticeMs()
      for (const line of report({ journal, commands, recoveries, slowestNoticeMs, looked, logged: logs.counts }))
        console.log(line)
      return journal.violations.length
    },
    async close(): Promise<void> {
      await cast.abandon()
      await Promise.all(instances.map(instance => instance.end('SIGTERM')))
      balancer.close()
      if (journal.violations.length === 0) rmSync(folder, { recursive: true, force: true })
      else console.log(`weather: the logs of the instances are in ${folder}`)
    },
  }
}
