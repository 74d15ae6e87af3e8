/** Each weather: what it harms, and how. A minute has short ones. */
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { PostgresServer } from '../../test/support/postgres-server.ts'
import type { Balancer } from './balancer.ts'
import { backendsOfService, type WeatherDatabase } from './database.ts'
import type { Instance } from './instances.ts'
import type { Harm } from './sky.ts'

export interface World {
  readonly server: PostgresServer
  readonly database: WeatherDatabase
  readonly instances: readonly Instance[]
  readonly balancer: Balancer
  readonly random: () => number
  /** In a minute there is not time for everything. */
  readonly isShort: boolean
}

export interface Weather {
  readonly name: string
  readonly harm: Harm
  /** For so long it lasts that every /readyz must tell. */
  readonly isTold?: true
  /** @param undo is called right before the harm is undone */
  run(world: World, undo: () => void): Promise<void>
}

const pick = <T>(items: readonly T[], random: () => number): T => items[Math.floor(random() * items.length)] as T

async function whileReady({ balancer }: World, { name }: Instance): Promise<void> {
  while (!balancer.isReady(name)) await delay(50)
}

const restartOf = (mode: string, restart: (server: PostgresServer) => Promise<void>): Weather => ({
  name: `server restarted, ${mode}`,
  harm: 'database',
  async run({ server }, undo) {
    undo()
    await restart(server)
  },
})

/** Takes every connection that there is, and those that others lose. */
async function exhaust({ database }: World, forMs: number): Promise<void> {
  const held: pg.Client[] = []
  const endsAt = performance.now() + forMs
  const admin = await database.connect()
  for (let took = 0; performance.now() < endsAt; ) {
    const client = await database.connectAsService().catch(() => undefined)
    if (client !== undefined) held.push(client)
    else await delay(20)
    // Those of the instances, too, once nothing else is left.
    if (client === undefined && took < 3) {
      took += 1
      const mine = held.map(each => (each as unknown as { processID: number }).processID)
      await admin.query(`${backendsOfService} and pid <> all($1)`, [mine])
    }
  }
  await Promise.all(held.map(client => client.end()))
  await admin.end()
}

/** What requests read and write. */
const TABLES = ['sessions', 'clients', 'users', 'signing_keys', 'audit_events', 'status_lists', 'revocations']

export const weathers: readonly Weather[] = [
  {
    name: 'instance killed',
    harm: 'answers',
    async run(world, undo) {
      const instance = pick(world.instances, world.random)
      await instance.end('SIGKILL')
      undo()
      await delay(1000)
      await instance.start()
      await whileReady(world, instance)
    },
  },
  {
    name: 'instance stopped',
    harm: 'nothing',
    async run(world, undo) {
      const instance = pick(world.instances, world.random)
      await instance.end('SIGTERM')
      await delay(500)
      await instance.start()
      await whileReady(world, instance)
      undo()
    },
  },
  {
    name: 'rolling upgrade',
    harm: 'nothing',
    async run(world, undo) {
      for (const instance of world.instances) {
        await instance.end('SIGTERM')
        await instance.start()
        await whileReady(world, instance)
      }
      undo()
    },
  },
  restartOf('fast', server => server.restart()),
  restartOf('immediate', server => server.crash()),
  {
    name: 'backends terminated',
    harm: 'database',
    async run({ database, isShort }, undo) {
      const admin = await database.connect()
      const endsAt = performance.now() + (isShort ? 3000 : 8000)
      while (performance.now() < endsAt) {
        await admin.query(backendsOfService)
        await delay(200)
      }
      await admin.end()
      undo()
    },
  },
  {
    name: 'server frozen',
    harm: 'database',
    isTold: true,
    async run({ server, isShort }, undo) {
      const thaw = await server.freeze()
      await delay(isShort ? 4500 : 15_000)
      undo()
      thaw()
    },
  },
  {
    name: 'read-only',
    harm: 'database',
    isTold: true,
    async run({ database, isShort }, undo) {
      const set = (value: string) =>
        database.administer(`alter system set default_transaction_read_only = ${value}`, 'select pg_reload_conf()')
      await set('on')
      await delay(isShort ? 4000 : 10_000)
      undo()
      await set('off')
    },
  },
  {
    name: 'table locked',
    harm: 'database',
    async run({ database, random, isShort }, undo) {
      const admin = await database.connect()
      await admin.query(`begin; lock table ${pick(TABLES, random)} in access exclusive mode`)
      await delay(isShort ? 4000 : 12_000)
      undo()
      await admin.query('rollback')
      await admin.end()
    },
  },
  {
    name: 'connections exhausted',
    harm: 'database',
    async run(world, undo) {
      await exhaust(world, world.isShort ? 4000 : 12_000)
      undo()
    },
  },
]
