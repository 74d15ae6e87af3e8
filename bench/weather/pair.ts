/** A primary and its standby by streaming replication, with PostgreSQL's own programs, behind one address. */
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type PostgresServer, startPostgres } from '../../test/support/postgres-server.ts'
import { databaseAt, prepareDatabase, type WeatherDatabase } from './database.ts'
import { startSwitch } from './switch.ts'

export interface Pair {
  /** By the address that moves. */
  readonly database: WeatherDatabase
  /** From now on nothing that is committed reaches the standby. */
  holdReplication(): Promise<void>
  /** The primary is gone. */
  losePrimary(): Promise<void>
  /** Of the standby, for its administrator. */
  readonly standby: string
  /** The address leads to the standby. */
  leadToStandby(): void
  /** The standby is the primary now, and the address leads to it. */
  promote(): Promise<void>
  stop(): Promise<void>
}

const DEBIAN = '/usr/lib/postgresql'

/** The folder of programs that can copy a server; undefined where there are none. */
export function binOfPostgres(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((one, other) => Number(other) - Number(one)) : []
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map(version => join(DEBIAN, version, 'bin')),
  ]
  return folders.find(folder => ['initdb', 'pg_ctl', 'pg_basebackup'].every(name => existsSync(join(folder, name))))
}

const SETTINGS = { wal_level: 'replica', max_wal_senders: 4, synchronous_commit: 'on' }

const portOf = ({ url }: PostgresServer): number => Number(new URL(url).port)

export async function startPair(bin: string, { isSynchronous }: { readonly isSynchronous: boolean }): Promise<Pair> {
  const primary = await startPostgres(SETTINGS, { bin })
  const direct = await prepareDatabase(primary)
  const standby = await startPostgres(SETTINGS, { bin, standbyOf: primary.url }).catch(async error => {
    await primary.stop()
    throw error
  })
  const address = await startSwitch()
  address.leadTo(portOf(primary))

  const sender = async () => {
    const client = await direct.connect()
    const { rows } = await client.query<{ pid: number; sync_state: string }>(
      "select pid, sync_state from pg_stat_replication where state = 'streaming'",
    )
    await client.end()
    return rows[0]
  }
  const state = isSynchronous ? 'sync' : 'async'
  if (isSynchronous) {
    await direct.administer("alter system set synchronous_standby_names = '*'", 'select pg_reload_conf()')
  }
  while ((await sender())?.sync_state !== state) await delay(50)

  return {
    database: databaseAt(Object.assign(new URL(primary.url), { port: String(address.port) }).href),
    async holdReplication() {
      const { pid } = (await sender()) ?? {}
      if (pid === undefined) throw new Error('Nothing is replicated.')
      process.kill(pid, 'SIGSTOP')
    },
    async losePrimary() {
      await primary.kill()
      address.leadTo(undefined)
    },
    standby: standby.url,
    leadToStandby: () => address.leadTo(portOf(standby)),
    async promote() {
      await standby.promote()
      address.leadTo(portOf(standby))
    },
    async stop() {
      address.close()
      await standby.stop()
      await primary.stop()
    },
  }
}
