/** The rounds: start the service, look at what the last kill left, let the clients work, kill it. */
import type { ChildProcess } from 'node:child_process'
import { addAccountsBefore } from '../../../bench/accounts.ts'
import { type Connection, openConnection } from '../../../bench/connection.ts'
import { type Environment, endService, startService } from '../../../bench/service.ts'
import { readStatusLists } from '../../../bench/status-list.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { random } from '../settings.ts'
import { createChecks } from './checks.ts'
import { type Client, createClient } from './client.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { brokenFile, halfDone } from './rows.ts'

const CLIENTS = 6
/** More kills than were asked for, as long as something has not happened yet that is waited for. */
const MOST_MORE = 100
/** A kill comes as long after the clients begin. */
const [EARLIEST_MS, LATEST_MS] = [20, 400]

export type Report = Pick<Ledger, 'violations' | 'acknowledged' | 'repeated'> & {
  readonly kills: number
  /** Whether every act was acknowledged, and a refresh was repeated. */
  readonly sawEverything: boolean
  /** From a kill to the service being there again. */
  readonly longestOutageMs: number
}

/**
 * @param kills at least so many
 * @param environment of a service that has never run
 */
export async function run(options: { readonly kills: number; readonly environment: Environment }): Promise<Report> {
  const { kills, environment } = options
  const config = readConfig(environment)
  if (config.database.kind !== 'sqlite') throw new Error('This looks into a SQLite file.')
  const { path } = config.database
  await addAccountsBefore(environment)

  const ledger = createLedger()
  const clients = Array.from({ length: CLIENTS }, (_, index) => createClient(ledger, random(`client ${index}`)))
  const moment = random('kill')
  const checks = createChecks(ledger)
  const graceMs = config.refreshGraceSeconds * 1000
  let longestOutageMs = 0

  const sawEverything = () =>
    Object.values(ledger.acknowledged).every(count => count > 0) && ledger.repeated.refresh > 0
  /** Each from a network of its own: of one, few may wait for their passwords to be hashed. */
  const connect = () => Promise.all(clients.map((_, index) => openConnection(config.port, `127.0.${index + 1}.1`)))
  const together = (
    connections: readonly Connection[],
    work: (client: Client, connection: Connection) => Promise<void>,
  ) => Promise.all(clients.map((client, index) => work(client, connections[index] as Connection)))

  /** What was acknowledged since the last look is still so. */
  async function look(connections: readonly Connection[]): Promise<void> {
    for (const violation of halfDone(path)) ledger.violate(violation)
    const lists = await readStatusLists(connections[0] as Connection)
    await together(connections, (client, connection) => checks.check(client, connection, lists))
  }

  /** Answers when the service was killed. */
  async function workUntilKilled(service: ChildProcess, connections: readonly Connection[]): Promise<number> {
    let killedAt = Number.NaN
    let killed: Promise<void> | undefined
    const kill = () => {
      killedAt = performance.now()
      killed = endService(service, 'SIGKILL')
    }
    const timer = setTimeout(kill, EARLIEST_MS + moment() * (LATEST_MS - EARLIEST_MS))
    await together(connections, (client, connection) => client.work(connection))
    clearTimeout(timer)
    await (killed ?? endService(service, 'SIGKILL'))
    if (Number.isNaN(killedAt)) throw new Error('The service ended by itself.')
    return killedAt
  }

  let killedAt = performance.now()
  for (let round = 0; ; round += 1) {
    const service = await startService(environment)
    try {
      const outageMs = round === 0 ? 0 : performance.now() - killedAt
      longestOutageMs = Math.max(longestOutageMs, outageMs)
      if (outageMs >= graceMs) ledger.violate(`the service was away for ${outageMs} ms`)
      const connections = await connect()
      await look(connections)
      if (round < kills || (!sawEverything() && round < kills + MOST_MORE)) {
        killedAt = await workUntilKilled(service, connections)
        continue
      }
      await together(connections, (client, connection) => client.settle(connection))
      checks.lookAtEverything()
      await look(connections)
      for (const connection of connections) connection.close()
      for (const violation of brokenFile(path)) ledger.violate(violation)
    } finally {
      await endService(service)
    }
    const { violations, acknowledged, repeated } = ledger
    return { kills: round, violations, acknowledged, repeated, sawEverything: sawEverything(), longestOutageMs }
  }
}
