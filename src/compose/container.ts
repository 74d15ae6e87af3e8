/**
 * The composition root. Each part is made when it is asked for. What takes long to load (the databases' drivers, the web server,
 * jose) is loaded then, too: a command that only prints its help waits for none of it.
 */
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { createSessionEndings } from '../accounts/session-endings.ts'
import { createEventRecorder } from '../audit/recorder.ts'
import type { Pause } from '../audit/trail.ts'
import { createJanitor } from '../background/janitor.ts'
import { systemClock } from '../clock.ts'
import type { Configuration } from '../config/read-config.ts'
import { keyPolicy } from '../keys/schedule.ts'
import { createLogger } from '../logger.ts'
import { assertDatabaseIsThere, refuseForeignDatabase } from '../maintenance/files.ts'
import { guardKeyFolder } from '../maintenance/key-folder.ts'
import { createMoves } from '../maintenance/moves.ts'
import { createRestoreGuard } from '../maintenance/restore.ts'
import { createObservableWrite } from '../metrics/observable-write.ts'
import { createCascades } from '../oauth/sessions/cascades.ts'
import { createSessionEnds } from '../oauth/sessions/session-ends.ts'
import { createSessionManagement } from '../oauth/sessions/session-management.ts'
import { fetchUriProblem } from '../outgoing/uri.ts'
import { createHashingLane, MOST_WAITING_WORK } from '../passwords/hashing-lane.ts'
import { createPasswords, passwordHasher } from '../passwords/passwords.ts'
import { systemRandomness } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import { createFileTrust } from '../records/file-trust.ts'
import { createRequestWaits } from '../records/request-waits.ts'
import type { Snapshot, Write } from '../records/unit-of-work.ts'
import { composeAccounts } from './accounts.ts'
import { composeAudit } from './audit.ts'
import { composeKeyStores } from './key-stores.ts'
import { once } from './once.ts'
import type { Sources } from './sources.ts'
import { composeThrottling } from './throttling.ts'

const systemPause: Pause = (milliseconds, signal) =>
  delay(milliseconds, undefined, signal && { signal }).catch(() => undefined)

/** The same beside a request: a process whose connections are closed does not stay for it. */
const pauseInRequest = (milliseconds: number) => delay(milliseconds, undefined, { ref: false })

export type Container = ReturnType<typeof createContainer>

export function createContainer(config: Configuration, sources: Sources = {}) {
  const { clock = systemClock, randomness = systemRandomness, faults = {}, onProgress } = sources
  const { pause = systemPause, elapsedMs = () => performance.now() } = sources
  const log = createLogger(config.logLevel, sources.logTo)
  const ends = createSessionEnds({ clock, randomness })
  const hashingLane = createHashingLane({ concurrency: availableParallelism(), limit: MOST_WAITING_WORK, elapsedMs })
  const passwords = createPasswords({
    hasher: faults.hasher?.(passwordHasher) ?? passwordHasher,
    lane: hashingLane,
    users: async () => (await database()).read.users,
    elapsedMs,
    pause: sources.pause ?? pauseInRequest,
    log,
  })
  const trust = createFileTrust(config.trustGroup)
  const policy = keyPolicy(config.keyPublishLeadSeconds, config.keyRotationIntervalSeconds)

  const requestWaits = createRequestWaits()
  const pool = {
    size: config.databasePoolSize,
    lifetimeSeconds: config.databaseConnectionLifetimeSeconds,
    timeoutSeconds: config.databaseTimeoutSeconds,
  }

  const uriProblem = (uri: string) => fetchUriProblem(uri, config.allowNetworks)
  const surroundings = { issuer: config.issuer, uriProblem }

  /** A new database, and a new key directory, are made by those only who are asked for one. */
  let mayMake = false

  /** Opened, and its schema brought up to date. */
  const database = once(async () => {
    if (!mayMake) assertDatabaseIsThere(config.database)
    refuseForeignDatabase(config.database, trust)
    const { openMigrated } = await import('../storage/open-database.ts')
    const opened = await openMigrated(config.database, { clock, randomness, trust, requestWaits, pool }, mayMake)
    const reading = faults.read ?? (read => read)
    const snapshot: Snapshot = work => opened.snapshot(readers => work(reading(readers)))
    const { write, observe: observeWrites } = createObservableWrite(faults.write?.(opened.write) ?? opened.write)
    return { ...opened, read: reading(opened.read), snapshot, write, observeWrites }
  })

  const cascades = once(async () => {
    const { read, write } = await database()
    return { ...ends, ...createCascades({ cascades: read.cascades, ends, write, clock, onProgress }) }
  })

  const recorder = once(async () => {
    const { write } = await database()
    const writeBeside: Write = (work, size) => requestWaits.leave(() => write(work, size))
    return createEventRecorder({ write: writeBeside, clock, log })
  })

  const assertions = once(async () => {
    const { read, write } = await database()
    const { composeAssertions } = await import('./assertions.ts')
    return composeAssertions({ config, read, write, faults, clock })
  })

  const keyStores = composeKeyStores({ config, trust, faults, mayMake: () => mayMake, database })

  const audit = composeAudit({ config, clock, log, faults, pause, database, openKeyStore: keyStores.audit })

  const limits = composeThrottling({ clock, randomness, log, database, auditKeys: audit.auditKeys })

  const accounts = composeAccounts({
    ...{ config, clock, randomness, passwords, surroundings, database, recorder, cascades },
    throttling: limits.throttling,
    auditKeys: audit.auditKeys,
  })

  const keyLifecycle = once(async () => {
    const [{ read, write }, privateKeys] = [await database(), await keyStores.signing()]
    const { createKeyLifecycle } = await import('../keys/key-lifecycle.ts')
    return createKeyLifecycle({ privateKeys, keys: read.signingKeys, write, clock, policy, log })
  })

  const moves = once(async () => {
    const { read, write } = await database()
    return createMoves({ instance: read.instance, pulse: read.pulse, write })
  })

  const restoreGuard = once(async () => {
    const { read, write, files, server } = await database()
    const file = await keyStores.epochFile()
    const { epochInDatabase } = await import('../keys/epoch-in-database.ts')
    const epochFile = file ?? epochInDatabase(read.instance)
    const guard = createRestoreGuard({
      epochFile,
      instance: read.instance,
      moves: await moves(),
      write,
      countWrites: () => (files ? files.writes() : server?.position()),
      ...(server && { counted: 'pages of the write-ahead log' }),
      clock,
      randomness,
    })
    const find = await keyStores.keysElsewhere()
    return guardKeyFolder(guard, find, config.keysDirectory)
  })

  const sessionManagement = once(async () => {
    const { read, write } = await database()
    return createSessionManagement({ sessionReader: read.sessions, cascades: await cascades(), write, clock })
  })

  const sessionEndings = once(async () => {
    const { read } = await database()
    const { end } = await sessionManagement()
    return createSessionEndings({ read, end, clock })
  })

  const janitor = once(async () => {
    const { read, write } = await database()
    return createJanitor({ read, write, removeOldEvents: await audit.removeOldEvents(), clock, log })
  })

  const parts = { config, clock, randomness, log, faults, pause, policy, hashingLane, passwords, ends, requestWaits }
  const opened = {
    database,
    keyStores,
    ...audit,
    recorder,
    ...limits,
    keyLifecycle,
    moves,
    restoreGuard,
    ...accounts,
    assertions,
    cascades,
    sessionManagement,
    sessionEndings,
    janitor,
  }
  const maintenance = once(async () => {
    const { composeMaintenance } = await import('./maintenance.ts')
    return composeMaintenance({ ...parts, ...opened, surroundings })
  })

  return {
    settings: config.settings,
    issuer: config.issuer,
    clock,
    log,
    ...accounts,
    issuerInspection: async () => (await assertions()).inspection,
    sessionManagement,
    auditTrail: audit.auditTrail,
    janitor,
    counters: limits.counters,
    keyLifecycle,
    keys: async () => (await maintenance()).keys(),
    doctor: async () => (await maintenance()).doctor(),
    auditProof: async () => (await maintenance()).auditProof(),
    definitions: async () => (await maintenance()).definitions(),
    userImport: async () => (await maintenance()).userImport(),
    backup: async (file: string, by: Provenance) => (await maintenance()).backup(file, by),
    migrate: async () => {
      mayMake = true
      const { ran, ahead } = await database()
      return { ran, ahead }
    },
    checkSchema: async () => {
      refuseForeignDatabase(config.database, trust)
      const { checkSchema } = await import('../storage/open-database.ts')
      return checkSchema(config.database, { clock, randomness, trust })
    },
    serve: async () => {
      mayMake = true
      for (const warning of config.warnings) log.warn(warning)
      const steps = (await database()).ahead.map(({ name }) => name)
      if (steps.length > 0)
        log.warn({ steps }, 'the schema is of a newer Signet, and this version can work with it; update it, too')
      return (await import('./serve.ts')).serve({ ...parts, ...opened })
    },
    close: async () => {
      // One that could not be opened has nothing to close, and the error went to whoever asked for it.
      if (database.isMade()) await (await database().catch(() => undefined))?.close()
    },
  }
}
