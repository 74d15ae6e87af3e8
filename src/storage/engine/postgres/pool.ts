/**
 * The connections to PostgreSQL. Each one is inspected before anybody gets it: a server that takes no writes is no database of ours.
 * One that may be dead is not handed out, and nobody waits for one for longer than there is time.
 */
import pg from 'pg'
import type { RequestWaits, Waited } from '../../../records/request-waits.ts'
import type { ServerIdentity } from '../../../records/server-identity.ts'
import { StorageUnavailable } from '../../../records/unit-of-work.ts'
import type { PoolSettings } from '../database.ts'
import { type Who, whoIn } from './advice.ts'
import type { Connections, Limits } from './connection.ts'
import { toStorageError, unreachable } from './errors.ts'
import { inspect } from './inspection.ts'
import { postgresLimits } from './limits.ts'

/** When nothing is connected and a connection was refused, nobody tries another one for so long: they would all be refused. */
const PAUSE_AFTER_REFUSAL_MS = 50

export interface ConnectionPool extends Connections {
  /** @throws StorageUnavailable */
  connect(): Promise<pg.PoolClient>
  /** Every connection that does not lead there is refused from now on, and those that are open are replaced. */
  pin(identity: ServerIdentity): void
  /** Nobody gets a connection any more, and is told why. */
  refuse(reason: string): void
  /** Whose connections they are, for what is said of errors. */
  readonly who: Who
  /** For what begins now, by whoever asks. */
  limits(): Limits
  limitsOfCounting(): Limits
  /** Whether what is set on a connection is there at its next statement, and its limit for locks is within the time that is left. */
  keepsSettings(): boolean
}

export function openPool(
  connectionString: string,
  waits: Pick<RequestWaits, 'current'>,
  { size, lifetimeSeconds, timeoutSeconds }: PoolSettings,
): ConnectionPool {
  const limits = postgresLimits(timeoutSeconds * 1000)
  const types = new pg.TypeOverrides()
  // Our integers are milliseconds and counts: far below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number)
  let isDirect = false
  const direct = new WeakSet<pg.ClientBase>()
  let pinned: ServerIdentity | undefined
  let ended: Promise<void> | undefined
  let refusal: string | undefined
  /** Why a connection was lost while nobody asked it anything: the next one is told only that it was. */
  const lost = new WeakMap<pg.ClientBase, Error>()
  const pool = new pg.Pool({
    connectionString,
    types,
    fallback_application_name: 'signet',
    max: size,
    maxLifetimeSeconds: lifetimeSeconds,
    connectionTimeoutMillis: limits.dialMs,
    keepAlive: true,
    pipeline: true,
    // A server that hangs does not answer the goodbye either; the process ends all the same.
    allowExitOnIdle: true,
    async onConnect(client) {
      // Of one that is lost while it is used, the query under way hears, or the next one.
      client.on('error', error => void (lost.has(client) || lost.set(client, error)))
      const asked = pinned
      try {
        isDirect = (await inspect(client, { who, limits, pinned: asked })).isDirect
        if (asked !== pinned) throw new StorageUnavailable("PostgreSQL can't be used: it is moving to another server.")
        if (isDirect) direct.add(client)
      } catch (error) {
        cut(client)
        throw error
      }
    },
  } as pg.PoolConfig)
  const who = whoIn(connectionString)
  // A connection that is lost while it is idle is replaced at the next use. The pool hangs all of it on the error, which may be logged.
  pool.on('error', error => void delete (error as { client?: unknown }).client)
  const { takeLive, renew } = takingLive(pool)
  const sinceRefusal = pausingAfterRefusals(pool)
  const waiting = countingWaits(pool)

  async function connect(): Promise<pg.PoolClient> {
    if (refusal !== undefined) throw new StorageUnavailable(refusal)
    const [waited, beganAt] = [waits.current(), performance.now()]
    const leftMs = limits.leftMs(waited)
    if (leftMs !== undefined && leftMs <= 0)
      throw new StorageUnavailable("PostgreSQL can't be used: it took all the time that a request has for it.")
    try {
      const client = await within(limits.connectionMs(leftMs), sinceRefusal(takeLive))
      waiting.begins(client, waited)
      return client
    } catch (error) {
      throw unreachable(error, who)
    } finally {
      if (waited !== undefined) waited.ms += performance.now() - beganAt
    }
  }

  const leftNowMs = () => limits.leftMs(waits.current())
  const limitsNow = () => limits.of(leftNowMs())

  const end = () => {
    ended ??= pool.end()
    return ended
  }

  return {
    connect,
    end,
    pin(identity) {
      if (identity === pinned) return
      pinned = identity
      renew()
    },
    refuse(reason) {
      refusal = reason
      void end()
    },
    who,
    toStorageError: (error, client) =>
      toStorageError(error instanceof pg.DatabaseError ? error : (lost.get(client) ?? error), who),
    keeps: client => direct.has(client),
    limits: limitsNow,
    limitsOfCounting: () => limits.ofCounting(leftNowMs()),
    keepsSettings: () => isDirect && limitsNow().lockMs >= limits.sessionLockMs,
  }
}

/** A goodbye would wait for an answer, and whoever waits for its place, too. */
function cut(client: pg.ClientBase): void {
  const { connection } = client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }
  connection.stream.destroy()
}

/** One that comes too late goes back. */
function within(limitMs: number, connecting: Promise<pg.PoolClient>): Promise<pg.PoolClient> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(new Error('timeout exceeded when trying to connect'))
    }, limitMs)
    connecting.then(client => (isLate ? client.release() : resolve(client)), reject).finally(() => clearTimeout(timer))
  })
}

/** What a request waits while it has a connection, too. */
function countingWaits(pool: pg.Pool) {
  const held = new WeakMap<pg.PoolClient, { readonly waited: Waited; readonly sinceMs: number }>()
  pool.on('release', (_error, client) => {
    const hold = held.get(client)
    if (hold !== undefined) hold.waited.ms += performance.now() - hold.sinceMs
    held.delete(client)
  })
  return {
    begins(client: pg.PoolClient, waited: Waited | undefined) {
      if (waited !== undefined) held.set(client, { waited, sinceMs: performance.now() })
    },
  }
}

/**
 * When one connection fails, the others may have died with it, and a network that swallows packets does not say so: each would cost a
 * request its time. So whichever was silent since before that is replaced.
 */
function takingLive(pool: pg.Pool) {
  const openedAtMs = new WeakMap<pg.PoolClient, number>()
  const takenAtMs = new WeakMap<pg.PoolClient, number>()
  const answeredAtMs = new WeakMap<pg.PoolClient, number>()
  let [failedSinceMs, renewedAtMs] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const answered = (client: pg.PoolClient) => answeredAtMs.set(client, performance.now())
  pool.on('connect', client => {
    openedAtMs.set(client, performance.now())
    answered(client)
  })
  pool.on('acquire', client => takenAtMs.set(client, performance.now()))
  pool.on('release', (error, client) => {
    if (error) failedSinceMs = Math.max(failedSinceMs, takenAtMs.get(client) ?? failedSinceMs)
    else answered(client)
  })

  function drop(client: pg.PoolClient): void {
    takenAtMs.delete(client)
    client.release(true)
    cut(client)
  }

  const isLive = (client: pg.PoolClient): boolean =>
    (answeredAtMs.get(client) ?? 0) >= failedSinceMs && (openedAtMs.get(client) ?? 0) >= renewedAtMs

  return {
    async takeLive(): Promise<pg.PoolClient> {
      for (;;) {
        const client = await pool.connect()
        if (isLive(client)) return client
        drop(client)
      }
    },
    /** Whatever is open now is replaced before it is used again. */
    renew() {
      renewedAtMs = performance.now()
    },
  }
}

function pausingAfterRefusals(pool: pg.Pool) {
  const open = new Set<pg.PoolClient>()
  let refusal: { readonly error: unknown; readonly atMs: number } | undefined
  pool.on('connect', client => open.add(client))
  pool.on('remove', client => open.delete(client))
  return async (take: () => Promise<pg.PoolClient>): Promise<pg.PoolClient> => {
    if (refusal !== undefined && open.size === 0 && performance.now() - refusal.atMs < PAUSE_AFTER_REFUSAL_MS)
      throw refusal.error
    try {
      return await take()
    } catch (error) {
      refusal = { error, atMs: performance.now() }
      throw error
    }
  }
}
