/**
 * The composition root: the only file that names every concrete piece. What is heavy is imported when it is asked for, so that
 * a command does not wait for the web server, nor the server for what only commands need.
 */
import { availableParallelism } from 'node:os'
import type { DestinationStream } from 'pino'
import { createHashingQueue } from './accounts/hashing-queue.ts'
import { mayReceiveTokens } from './accounts/may-receive-tokens.ts'
import { argon2id, createPasswords, type PasswordHasher } from './accounts/passwords.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { refuseForeignOwner } from './file-ownership.ts'
import { createLogger } from './logger.ts'
import type { Signer } from './oauth/access-token.ts'
import { createSessions } from './oauth/sessions.ts'
import type { Gate } from './oauth/token-issuer.ts'
import { type Randomness, systemRandomness } from './randomness.ts'
import type { Provenance, Write } from './unit-of-work.ts'

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

  const gate: Gate = async (stores, { userId, clientId }, checked) =>
    mayReceiveTokens(await stores.standing.lock(userId, clientId), checked, clock.now())

  /** Opens the database and brings its schema up to date. */
  const database = once(async () => {
    if (config.database.kind === 'sqlite') refuseForeignOwner(config.database.path)
    const { openDatabase } = await import('./storage/database.ts')
    const opened = await openDatabase(config.database, { clock, randomness })
    try {
      const ran = await opened.migrate()
      const write = faults.write?.(opened.write) ?? opened.write
      return { ...opened, write, ran }
    } catch (error) {
      await opened.close()
      throw error
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
    return openKeyRing({ files, keys: read.signingKeys, write, clock, publishLeadSeconds, provenance: itself })
  })

  const signer = once(async (): Promise<Signer> => {
    const ring = await keyRing()
    return faults.signer?.(ring) ?? ring
  })

  /** The protocol, put together. */
  const tokenEndpoint = once(async () => {
    const [{ read, write }, activeSigner] = await Promise.all([database(), signer()])
    const [authentication, password, refreshToken, accessToken, issuer, endpoint, signIn] = await Promise.all([
      import('./oauth/client-authentication.ts'),
      import('./oauth/grants/password.ts'),
      import('./oauth/grants/refresh-token.ts'),
      import('./oauth/access-token.ts'),
      import('./oauth/token-issuer.ts'),
      import('./oauth/token-endpoint.ts'),
      import('./accounts/sign-in.ts'),
    ])
    const grants = [
      password.createPasswordGrant({
        signIn: signIn.createSignIn({ users: read.users, write, passwords }),
        users: read.users,
        write,
        clock,
        randomness,
        lifetimes: {
          accessTokenTtl: config.accessTokenTtlSeconds,
          refreshIdleTtl: config.refreshIdleTtlSeconds,
          refreshAbsoluteTtl: config.refreshAbsoluteTtlSeconds,
        },
      }),
      refreshToken.createRefreshTokenGrant({
        sessionReader: read.sessions,
        users: read.users,
        sessions,
        write,
        clock,
        randomness,
        refreshIdleTtl: config.refreshIdleTtlSeconds,
        refreshGrace: config.refreshGraceSeconds,
      }),
    ]
    return endpoint.createTokenEndpoint({
      authenticateClient: authentication.createClientAuthentication({ clients: read.clients, write, clock }),
      grants,
      issueTokens: issuer.createTokenIssuer({
        mintAccessToken: accessToken.createAccessTokens({
          issuer: config.issuer,
          activeSigner: () => activeSigner,
          randomness,
        }),
        gate,
        sessions,
        write,
        clock,
        accessTokenTtl: config.accessTokenTtlSeconds,
      }),
    })
  })

  /** Both ports, listening. */
  const serve = async () => {
    const { read, ping } = await database()
    const ring = await keyRing()
    const [{ createPublicApp }, { createManagementApp }, { listen }, { metadataOf }] = await Promise.all([
      import('./http/public-app.ts'),
      import('./http/management-app.ts'),
      import('./http/listen.ts'),
      import('./oauth/metadata.ts'),
    ])
    const { host, port, managementHost, managementPort, issuer, trustProxy } = config
    const own = [new URL(issuer).origin, new URL(`http://${bracketed(managementHost)}:${managementPort}`).origin]
    const state = { serving: true }
    const publicApp = await createPublicApp({
      log,
      trustProxy,
      metadata: metadataOf(issuer, grantTypes),
      publishedKeys: () => ring.published,
      tokenEndpoint: await tokenEndpoint(),
      origins: { own, isRegistered: origin => read.clients.isRegisteredOrigin(origin) },
      mayUseClient: async (origin, { clientId }) => {
        if (own.includes(origin)) return true
        const client = await read.clients.findByClientId(clientId)
        return client !== undefined && (await read.clients.originsOf(client.id)).includes(origin)
      },
    })
    const { sign } = await signer()
    const readiness = { isServing: () => state.serving, proofs: [ping, () => ring.prove(sign)] }
    const managementApp = await createManagementApp({ log, trustProxy, readiness })
    const close = async () => {
      await publicApp.close()
      await managementApp.close()
    }
    try {
      await listen(managementApp, managementHost, managementPort)
      await listen(publicApp, host, port)
    } catch (error) {
      // The port that does listen would keep the process alive.
      await close()
      throw error
    }
    log.info({ issuer, kid: ring.kid, management: own[1] }, 'serving')
    return {
      /** Readiness fails first; then requests in flight are finished. */
      stop: async () => {
        state.serving = false
        await close()
      },
    }
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

export type Container = ReturnType<typeof createContainer>

/** An IPv6 address as it stands in a URL. */
const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** Makes a thing when it is first asked for. */
function once<T>(make: () => Promise<T>): { (): Promise<T>; isMade(): boolean } {
  let made: Promise<T> | undefined
  const get = () => {
    made ??= make()
    return made
  }
  return Object.assign(get, { isMade: () => made !== undefined })
}
