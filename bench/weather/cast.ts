/** Who takes part: devices, a resource service, an operator, machines; all at work until they are told to stop. */
import type { Ask } from './asking.ts'
import type { Balancer } from './balancer.ts'
import { createDevice } from './device.ts'
import type { Instance } from './instances.ts'
import type { Journal } from './journal.ts'
import { createMachine } from './machine.ts'
import { createOperator } from './operator.ts'
import type { Oracle } from './oracle.ts'
import type { Sky } from './sky.ts'
import { createVerifier } from './verifier.ts'

export const USERNAMES = Array.from({ length: 12 }, (_, index) => `user-${index}`)
const DEVICES = 30
/** Of each instance; they come by no balancer and see when it works again. */
const DEVICES_OF_INSTANCE = 2
const GRACE_MS = 30_000

interface Options {
  readonly environment: Readonly<Record<string, string>>
  readonly balancer: Balancer
  readonly instances: readonly Instance[]
  readonly journal: Journal
  readonly oracle: Oracle
  readonly sky: Sky
  readonly ask: Ask
  readonly random: (name: string) => () => number
  readonly isShort: boolean
}

interface Worker {
  work(): Promise<void>
  stop(): void
  /** Not even what was begun is finished. */
  abandon?(): void
}

export function createCast(options: Options) {
  const { environment, balancer, instances, journal, oracle, sky, ask, random, isShort } = options
  const route = { port: balancer.port }
  const verifier = createVerifier({ ask, balancer: route, instances, oracle, journal, sky })
  const operator = createOperator({
    ...{ environment, usernames: USERNAMES, oracle, journal, sky, random: random('operator') },
    betweenActsMs: isShort ? 2000 : 4000,
    betweenRevokedKeysMs: isShort ? 20_000 : 90_000,
  })
  const more = (name: string, number: number) => ({
    ...{ name, ask, oracle, verifier, random: random(name), graceMs: GRACE_MS },
    username: USERNAMES[number % USERNAMES.length] as string,
    address: `10.1.${number}.1`,
  })
  const devices = [
    ...Array.from({ length: DEVICES }, (_, index) =>
      createDevice({ ...more(`device ${index}`, index), route, thinkMs: 700 }),
    ),
    ...instances.flatMap(({ name, port, isUp }, index) =>
      Array.from({ length: DEVICES_OF_INSTANCE }, (_, number) =>
        createDevice({
          ...more(`device ${number} of ${name}`, DEVICES + index * DEVICES_OF_INSTANCE + number),
          ...{ route: { port, instance: name }, isUp, thinkMs: 200, isImpatient: true },
        }),
      ),
    ),
  ]
  const workers: readonly Worker[] = [verifier, operator, createMachine({ ask, route, journal }), ...devices]
  const working = workers.map(worker => worker.work())
  return {
    verifier,
    operator,
    /** Whether somebody has not begun yet. */
    isSigningIn: () => oracle.sessions().length < devices.length,
    /** Resolves when what was under way is done. */
    async stop(): Promise<void> {
      for (const worker of workers) worker.stop()
      await Promise.all(working)
    },
    /** What is under way stays undone. */
    async abandon(): Promise<void> {
      for (const worker of workers) {
        worker.stop()
        worker.abandon?.()
      }
      await Promise.all(working)
    },
  }
}
