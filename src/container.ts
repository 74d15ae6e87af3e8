/**
 * The composition root: the only file that names every concrete piece. What is heavy is imported when it is asked for, so that
 * a command does not wait for the web server, nor the server for what only commands need.
 */
import { availableParallelism } from 'node:os'
import type { DestinationStream } from 'pino'
import type { EndSessionsOfClient } from './accounts/clients.ts'
import { createHashingQueue } from './accounts/hashing-queue.ts'
import { argon2id, createPasswords, type PasswordHasher } from './accounts/passwords.ts'
import type { EndAccessTokensOfUsers } from './accounts/roles.ts'
import { createRevocationWatch } from './background/revocation-watch.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { refuseForeignOwner } from './file-ownership.ts'
import { grantTypes } from './grant-types.ts'
import { createLogger } from './logger.ts'
import type { Signer } from './oauth/jws.ts'
import { createRevocationNews } from './oauth/revocation-news.ts'
import { BATCH, createSessions } from './oauth/sessions.ts'
import { type Randomness, systemRandomness } from './randomness.ts'
import type { Provenance, Readers, Write } from './unit-of-work.ts'

/** Stands between a service and what it depends on, to hold it back or to make it fail. Only tests have any. */
export interface Faults {
  readonly hasher?: (hasher: PasswordHasher) => PasswordHasher
  readonly signer?: (signer: Signer) => Signer
  readonly read?: (read: Readers) => Readers
  readonly write?: (write: Write) => Write
}

export interface Sources {
  readonly clock?: Clock
  readonly randomness?: Randomness
  readonly faults?: Faults
  /** Where the log goes; standard output when not given. */
  readonly logTo?: DestinationStream
}

/** Passwords that wait to be hashed; the next one is told to come back. */
const LONGEST_HASHING_QUEUE = 64

/** The service itself, in the audit. */
const itself: Provenance = { actor: 'signet', address: null, userAgent: null, requestId: null }

export function createContainer(config: Config, sources: Sources = {}) {
  const { clock = systemClock, randomness = systemRandomness, faults = {} } = sources
  const log = createLogger(config.logLevel, sources.logTo)
  const { refreshGraceSeconds: graceSeconds, sessionLimit } = config
  const sessions = createSessions({ clock, graceSeconds, sessionLimit })
  const revocationNews = createRevocationNews()

  const passwords = createPasswords({
    hasher: faults.hasher?.(argon2id) ?? argon2id,
    queue: createHashingQueue({ concurrency: availableParallelism(), limit: LONGEST_HASHING_QUEUE }),
    onUnreadableHash: (userId, error) =>
      log.error({ user_id: userId, err: error }, 'a stored password hash cannot be read; its user cannot sign in'),
  })

  /** Opens the database and brings its schema up to date. */
  const database = once(async () => {
    if (config.database.kind === 'sqlite') refuseForeignOwner(config.database.path)
    const { cannotOpen, openDatabase } = await import('./storage/database.ts')
    const opened = await openDatabase(config.database, { clock, randomness }).catch(cannotOpen(config.database))
    try {
      const ran = await opened.migrate()
      const write = revocationNews.announcing(faults.write?.(opened.write) ?? opened.write)
      return { ...opened, read: faults.read?.(opened.read) ?? opened.read, write, ran }
    } catch (error) {
      await opened.close()
      return cannotOpen(config.database)(error)
    }
  })

  const users = once(async () => {
    const [{ read, write }, { createUsers }] = await Promise.all([database(), import('./accounts/users.ts')])
    return createUsers({ users: read.users, write, passwords, endSessions: sessions.endAll, clock, randomness })
  })

  const roles = once(async () => {
    const endAccessTokens: EndAccessTokensOfUsers = (stores, userIds) =>
      sessions.endAccessTokens(
        stores,
        userIds.map(userId => ({ userId })),
      )
    const [{ read, write }, { createRoles }] = await Promise.all([database(), import('./accounts/roles.ts')])
    return createRoles({ roles: read.roles, write, endAccessTokens })
  })

  const clients = once(async () => {
    const [{ read, write }, { createClients }] = await Promise.all([database(), import('./accounts/clients.ts')])
    const endSessions: EndSessionsOfClient = async (stores, clientId, reason, by) =>
      (await sessions.end(stores, { clientId }, reason, by)) === BATCH
    return createClients({ clients: read.clients, write, endSessions, knownGrants: grantTypes, clock, randomness })
  })

  const keyRing = once(async () => {
    refuseForeignOwner(config.keysDirectory)
    const [{ read, write }, { openKeyFiles }, { openKeyRing }] = await Promise.all([
      database(),
      import('./keys/key-files.ts'),
      import('./keys/key-ring.ts'),
    ])
    const files = await openKeyFiles(config.keysDirectory)
    const publishLeadSeconds = config.keyPublishLeadSeconds
    const tell = {
      info: (message: string) => log.info(message),
      warn: (message: string, error?: unknown) => log.warn({ err: error }, message),
    }
    return openKeyRing({ files, keys: read.signingKeys, write, clock, publishLeadSeconds, provenance: itself, tell })
  })

  const activeSigner = once(async (): Promise<Signer> => {
    const ring = await keyRing()
    return faults.signer?.(ring) ?? ring
  })

  const sessionManagement = once(async () => {
    const [{ read, write }, { createSessionManagement }] = await Promise.all([
      database(),
      import('./oauth/session-management.ts'),
    ])
    return createSessionManagement({ sessionReader: read.sessions, sessions, write, clock })
  })

  const janitor = once(async () => {
    const [{ read, write }, management, { createJanitor }] = await Promise.all([
      database(),
      sessionManagement(),
      import('./background/janitor.ts'),
    ])
    return createJanitor({ read, write, sessionManagement: management, clock, log, provenance: itself })
  })

  /** Both ports, listening, and what runs beside requests. */
  const serve = async () => {
    const [{ read, write, ping }, ring, signer, { composeProtocol }, { startServers }] = await Promise.all([
      database(),
      keyRing(),
      activeSigner(),
      import('./compose-protocol.ts'),
      import('./http/servers.ts'),
    ])
    const publishedKeys = () => ring.published
    const parts = { config, clock, randomness, read, write, passwords, sessions, signer, publishedKeys }
    const protocol = composeProtocol(parts)
    revocationNews.listen(protocol.statusLists.markChanged)
    await protocol.statusLists.poll()
    const background = [createRevocationWatch(protocol.statusLists, log), await janitor()]
    const { host, port, managementHost, managementPort, trustProxy } = config
    const servers = await startServers({
      ...protocol,
      log,
      trustProxy,
      kid: ring.kid,
      publicAddress: { host, port },
      managementAddress: { host: managementHost, port: managementPort },
      publishedKeys,
      users: await users(),
      sessionManagement: await sessionManagement(),
      clients: read.clients,
      proofs: [ping, () => ring.prove(signer.sign)],
    })
    for (const each of background) each.start()
    return {
      async stop() {
        await Promise.all([servers.stop(), ...background.map(each => each.stop())])
      },
    }
  }

  return {
    log,
    users,
    roles,
    clients,
    sessions: sessionManagement,
    janitor,
    /** The names of the migrations that ran when the database was opened. */
    migrate: async () => (await database()).ran,
    serve,
    close: async () => {
      // One that could not be opened has nothing to close, and the error went to whoever asked for it.
      if (database.isMade()) await (await database().catch(() => undefined))?.close()
    },
  }
}

/** Makes a thing when it is first asked for. */
function once<T>(make: () => Promise<T>): { (): Promise<T>; isMade(): boolean } {
  let made: Promise<T> | undefined
  const get = () => {
    made ??= make()
    return made
  }
  return Object.assign(get, { isMade: () => made !== undefined })
}
