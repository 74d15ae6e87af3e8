/** The server of a bench, and a database on it for a role like that of a real service: it owns the database and nothing else. */
import pg from 'pg'
import type { PostgresServer } from '../../test/support/postgres-server.ts'

const ROLE = 'signet_service'

export interface WeatherDatabase {
  /** As the service has it. */
  readonly url: string
  /** Runs statements as the administrator, in the database of the service. */
  administer(...statements: readonly string[]): Promise<void>
  /** A connection of the administrator's own. */
  connect(): Promise<pg.Client>
  /** A connection like one of the service. */
  connectAsService(): Promise<pg.Client>
  /** Resolves when the server takes connections and writes. */
  back(): Promise<void>
}

export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
  // It may be ended at any time.
  client.on('error', () => {})
  await client.connect()
  return client
}

export async function prepareDatabase(server: PostgresServer): Promise<WeatherDatabase> {
  const setUp = await connected(server.url)
  await setUp.query(`create role ${ROLE} login`)
  await setUp.query(`create database signet owner ${ROLE}`)
  // In another database, so that what is done to that of the service does not reach it.
  await setUp.query('create table writes (count bigint)')
  await setUp.query(`insert into writes values (0)`)
  await setUp.query(`grant all on writes to ${ROLE}`)
  await setUp.end()
  return databaseAt(server.url)
}

/** @param url of the administrator */
export function databaseAt(url: string): WeatherDatabase {
  const at = (username: string, name: string) => Object.assign(new URL(url), { username, pathname: name }).href
  const administrator = new URL(url).username
  const connect = () => connected(at(administrator, 'signet'))

  async function writes(): Promise<boolean> {
    const client = await connected(at(ROLE, 'postgres')).catch(() => undefined)
    if (client === undefined) return false
    const done = client.query({ text: 'update writes set count = count + 1', query_timeout: 1000 } as pg.QueryConfig)
    const isDone = await done.then(
      () => true,
      () => false,
    )
    await client.end().catch(() => {})
    return isDone
  }

  return {
    url: at(ROLE, 'signet'),
    connect,
    connectAsService: () => connected(at(ROLE, 'signet')),
    async administer(...statements) {
      const client = await connect()
      for (const statement of statements) await client.query(statement)
      await client.end()
    },
    async back() {
      while (!(await writes())) await new Promise(resolve => setTimeout(resolve, 25))
    },
  }
}

export const backendsOfService = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`
