/**
 * The composition root: the only file that names every concrete piece. What is heavy is imported when it is asked for, so that
 * a command does not wait for the web server, nor the server for what only commands need.
 */
import { availableParallelism } from 'node:os'
import type { DestinationStream } from 'pino'
import { createHashingQueue } from './accounts/hashing-queue.ts'
import { mayReceiveTokens } from './accounts/may-receive-tokens.ts'
import { argon2id, createPasswords, type PasswordHasher, type Passwords } from './accounts/passwords.ts'
import { createSignIn } from './accounts/sign-in.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { refuseForeignOwner } from './file-ownership.ts'
import { createLogger } from './logger.ts'
import { createAccessTokens, type Signer } from './oauth/access-token.ts'
import { createClientAuthentication } from './oauth/client-authentication.ts'
import { createFailureAudit } from './oauth/failure-audit.ts'
import { createPasswordGrant } from './oauth/grants/password.ts'
import { createRefreshTokenGrant } from './oauth/grants/refresh-token.ts'
import { createSessionStarter } from './oauth/new-session.ts'
import { createSessions, type Sessions } from './oauth/sessions.ts'
import { createTokenEndpoint } from './oauth/token-endpoint.ts'
import { createTokenIssuer, type Gate } from './oauth/token-issuer.ts'
import { type Randomness, systemRandomness } from './randomness.ts'
import type { Provenance, Readers, Write } from './unit-of-work.ts'

/** Stands between a service and what it depends on, to hold it back or to make it fail. Only tests have any. */
export interface Faults {
  readonly hasher?: (hasher: PasswordHasher) => PasswordHasher
  readonly signer?: (signer: Signer) => Signer
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

export const grantTypes = ['password', 'refresh_token'] as const

const itself: Provenance = { actor: 'signet', address: null, userAgent: null, requestId: null }

export function createContainer(config: Config, sources: Sources = {}) {
  const { clock = systemClock, randomness = systemRandomness, faults = {} } = sources
  const log = createLogger(config.logLevel, sources.logTo)
  const sessions = createSessions({ clock, graceSeconds: config.refreshGraceSeconds })

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
      const write = faults.write?.(opened.write) ?? opened.write
      return { ...opened, write, ran }
    } catch (error) {
      await opened.close()
      return cannotOpen(config.database)(error)
    }
  })

  const users = once(async () => {
    const [{ read, write }, { createUsers }] = await Promise.all([database(), import('./accounts/users.ts')])
    return createUsers({ users: read.users, write, passwords, endSessions: sessions.endAllOfUser, clock, randomness })
  })

  const roles = once(async () => {
    const [{ read, write }, { createRoles }] = await Promise.all([database(), import('./accounts/roles.ts')])
    return createRoles({ roles: read.roles, write })
  })

  const clients = once(async () => {
    const [{ read, write }, { createClients }] = await Promise.all([database(), import('./accounts/clients.ts')])
    const endSessions = sessions.endAllOfClient
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

  /** Both ports, listening. */
  const serve = async () => {
    const [opened, ring, signer, { startServers }, { metadataOf }] = await Promise.all([
      database(),
      keyRing(),
      activeSigner(),
      import('./http/servers.ts'),
      import('./oauth/metadata.ts'),
    ])
    const { read, write, ping } = opened
    const { host, port, managementHost, managementPort, trustProxy } = config
    return startServers({
      log,
      trustProxy,
      kid: ring.kid,
      publicAddress: { host, port },
      managementAddress: { host: managementHost, port: managementPort },
      metadata: metadataOf(config.issuer, grantTypes),
      publishedKeys: () => ring.published,
      tokenEndpoint: composeTokenEndpoint({ config, clock, randomness, read, write, passwords, sessions, signer }),
      clients: read.clients,
      proofs: [ping, () => ring.prove(signer.sign)],
    })
  }

  return {
    log,
    users,
    roles,
    clients,
    /** The names of the migrations that ran when the database was opened. */
    migrate: async () => (await database()).ran,
    serve,
    close: async () => {
      // One that could not be opened has nothing to close, and the error went to whoever asked for it.
      if (database.isMade()) await (await database().catch(() => undefined))?.close()
    },
  }
}

/** The protocol, put together. */
function composeTokenEndpoint(parts: {
  readonly config: Config
  readonly clock: Clock
  readonly randomness: Randomness
  readonly read: Readers
  readonly write: Write
  readonly passwords: Passwords
  readonly sessions: Sessions
  readonly signer: Signer
}) {
  const { config, clock, randomness, read, write, passwords, sessions, signer } = parts
  const { accessTokenTtlSeconds: accessTokenTtl, refreshIdleTtlSeconds: refreshIdleTtl } = config

  const gate: Gate = async (stores, { userId, clientId }, checked) =>
    mayReceiveTokens(await stores.standing.lock(userId, clientId), checked, clock.now())

  const recordFailure = createFailureAudit({ write, clock })
  const refreshAbsoluteTtl = config.refreshAbsoluteTtlSeconds
  const grants = [
    createPasswordGrant({
      signIn: createSignIn({ users: read.users, write, passwords }),
      users: read.users,
      write,
      startSession: createSessionStarter({ clock, randomness, refreshIdleTtl, refreshAbsoluteTtl }),
    }),
    createRefreshTokenGrant({
      sessionReader: read.sessions,
      users: read.users,
      sessions,
      write,
      clock,
      randomness,
      refreshIdleTtl,
      refreshGrace: config.refreshGraceSeconds,
    }),
  ]
  const mintAccessToken = createAccessTokens({ issuer: config.issuer, activeSigner: () => signer, randomness })
  return createTokenEndpoint({
    authenticateClient: createClientAuthentication({ clients: read.clients, recordFailure, clock, accessTokenTtl }),
    grants,
    issueTokens: createTokenIssuer({ mintAccessToken, gate, sessions, write, clock }),
  })
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
