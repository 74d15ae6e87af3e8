/**
 * The composition root: the only file that names every concrete piece. What is heavy is imported when it is asked for, so that
 * a command does not wait for the web server, nor the server for what only commands need.
 */
import { availableParallelism } from 'node:os'
import type { DestinationStream } from 'pino'
import type { EndSessionsOfClient } from '../accounts/clients.ts'
import type { EndAccessTokensOfUsers } from '../accounts/roles.ts'
import { createKeyClock } from '../background/key-clock.ts'
import { createRevocationWatch } from '../background/revocation-watch.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Config } from '../config/variables.ts'
import type { EpochFile } from '../keys/epoch-file.ts'
import type { KeyFiles } from '../keys/key-files.ts'
import { createLogger } from '../logger.ts'
import { refuseForeignOwner } from '../maintenance/file-ownership.ts'
import { BATCH, createSessions } from '../oauth/sessions/sessions.ts'
import { createRevocationNews } from '../oauth/status-list/revocation-news.ts'
import { createHashingQueue } from '../passwords/hashing-queue.ts'
import { argon2id, createPasswords, type PasswordHasher } from '../passwords/passwords.ts'
import { type Randomness, systemRandomness } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { Signer } from '../records/signing-key.ts'
import type { Readers, Write } from '../records/unit-of-work.ts'

/** Stands between a service and what it depends on, to hold it back or to make it fail. Only tests have any. */
export interface Faults {
  readonly hasher?: (hasher: PasswordHasher) => PasswordHasher
  readonly signer?: (signer: Signer) => Signer
  readonly read?: (read: Readers) => Readers
  readonly write?: (write: Write) => Write
  readonly keyFiles?: (files: KeyFiles) => KeyFiles
  readonly epochFile?: (file: EpochFile) => EpochFile
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
    const { cannotOpen, openDatabase } = await import('../storage/open-database.ts')
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
    const [{ read, write }, { createUsers }] = await Promise.all([database(), import('../accounts/users.ts')])
    return createUsers({ users: read.users, write, passwords, endSessions: sessions.endAll, clock, randomness })
  })

  const roles = once(async () => {
    const endAccessTokens: EndAccessTokensOfUsers = (stores, userIds) =>
      sessions.endAccessTokens(
        stores,
        userIds.map(userId => ({ userId })),
      )
    const [{ read, write }, { createRoles }] = await Promise.all([database(), import('../accounts/roles.ts')])
    return createRoles({ roles: read.roles, write, endAccessTokens })
  })

  const clients = once(async () => {
    const [{ read, write }, { createClients }] = await Promise.all([database(), import('../accounts/clients.ts')])
    const endSessions: EndSessionsOfClient = async (stores, clientId, reason, by) =>
      (await sessions.end(stores, { clientId }, reason, by)) === BATCH
    return createClients({ clients: read.clients, write, endSessions, clock, randomness })
  })

  const keyFiles = once(async () => {
    refuseForeignOwner(config.keysDirectory)
    const [{ openKeyFiles }, { createKeyEncryption }] = await Promise.all([
      import('../keys/key-files.ts'),
      import('../keys/key-encryption.ts'),
    ])
    const { keyEncryptionKey } = config
    const files = await openKeyFiles(config.keysDirectory, keyEncryptionKey && createKeyEncryption(keyEncryptionKey))
    return faults.keyFiles?.(files) ?? files
  })

  const epochFile = once(async () => {
    refuseForeignOwner(config.keysDirectory)
    const { openEpochFile } = await import('../keys/epoch-file.ts')
    const file = await openEpochFile(config.keysDirectory)
    return faults.epochFile?.(file) ?? file
  })

  const policy = {
    publishLeadMs: config.keyPublishLeadSeconds * 1000,
    rotationIntervalMs: config.keyRotationIntervalSeconds && config.keyRotationIntervalSeconds * 1000,
  }

  const keyLifecycle = once(async () => {
    const [{ read, write }, privateKeys, { createKeyLifecycle }] = await Promise.all([
      database(),
      keyFiles(),
      import('../keys/key-lifecycle.ts'),
    ])
    return createKeyLifecycle({ privateKeys, keys: read.signingKeys, write, clock, policy, log })
  })

  const restoreGuard = once(async () => {
    const [{ read, write }, file, { createRestoreGuard }] = await Promise.all([
      database(),
      epochFile(),
      import('../maintenance/restore.ts'),
    ])
    return createRestoreGuard({ epochFile: file, instance: read.instance, write, randomness })
  })

  const keyRing = once(async () => {
    const [{ read }, privateKeys, { openKeyRing }] = await Promise.all([
      database(),
      keyFiles(),
      import('../keys/key-ring.ts'),
    ])
    await (await restoreGuard()).assertOriginal()
    await (await keyLifecycle()).settle(itself)
    return openKeyRing({ privateKeys, keys: read.signingKeys, clock, policy, log })
  })

  const sessionManagement = once(async () => {
    const [{ read, write }, { createSessionManagement }] = await Promise.all([
      database(),
      import('../oauth/sessions/session-management.ts'),
    ])
    return createSessionManagement({ sessionReader: read.sessions, sessions, write, clock })
  })

  const janitor = once(async () => {
    const [{ read, write }, management, { createJanitor }] = await Promise.all([
      database(),
      sessionManagement(),
      import('../background/janitor.ts'),
    ])
    return createJanitor({ read, write, sessionManagement: management, clock, log, provenance: itself })
  })

  /** Both ports, listening, and what runs beside requests. */
  const serve = async () => {
    const [{ read, write, ping }, ring, lifecycle, { composeProtocol }, { startServers }] = await Promise.all([
      database(),
      keyRing(),
      keyLifecycle(),
      import('./protocol.ts'),
      import('../http/servers.ts'),
    ])
    const activeSigner = () => faults.signer?.(ring.signer()) ?? ring.signer()
    const publishedKeys = ring.published
    const parts = { config, clock, randomness, read, write, passwords, sessions, activeSigner, publishedKeys }
    const protocol = composeProtocol(parts)
    revocationNews.listen(protocol.statusLists.markChanged)
    await protocol.statusLists.poll()
    const keyClock = createKeyClock({ lifecycle, ring, clock, log, provenance: itself })
    const background = [createRevocationWatch(protocol.statusLists, log), keyClock, await janitor()]
    const { host, port, managementHost, managementPort, trustProxy } = config
    const servers = await startServers({
      ...protocol,
      log,
      trustProxy,
      kid: ring.signer().kid,
      publicAddress: { host, port },
      managementAddress: { host: managementHost, port: managementPort },
      publishedKeys,
      jwksMaxAge: ring.maxAge,
      users: await users(),
      sessionManagement: await sessionManagement(),
      clients: read.clients,
      proofs: [ping, () => ring.prove(activeSigner().sign)],
    })
    for (const each of background) each.start()
    return {
      /** What the key clock does every second. */
      tick: keyClock.tick,
      async stop() {
        await Promise.all([servers.stop(), ...background.map(each => each.stop())])
      },
    }
  }

  const openEveryPart = { database, keyFiles, keyLifecycle, restoreGuard, sessionManagement }

  return {
    log,
    users,
    roles,
    clients,
    sessions: sessionManagement,
    janitor,
    keys: async () => (await import('./maintenance.ts')).composeKeys(openEveryPart, config, policy, clock),
    doctor: async () => (await import('./maintenance.ts')).composeDoctor(openEveryPart, config, clock),
    backup: async (file: string) => {
      const { composeBackup } = await import('./maintenance.ts')
      return (await composeBackup(openEveryPart, config))(file)
    },
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
