/** Both ports, listening, and what runs beside requests. */
import type { Logger } from 'pino'
import type { ApiKeys } from '../accounts/api-keys.ts'
import type { Clients } from '../accounts/clients.ts'
import type { PasswordTickets } from '../accounts/password-tickets.ts'
import type { Roles } from '../accounts/roles.ts'
import type { SessionEndings } from '../accounts/session-endings.ts'
import type { SignInThrottling } from '../accounts/sign-in-throttling.ts'
import type { TrustedIssuers } from '../accounts/trusted-issuers.ts'
import type { Users } from '../accounts/users.ts'
import type { EventRecorder } from '../audit/recorder.ts'
import type { AuditTrail, Pause } from '../audit/trail.ts'
import { createCascadeWatch } from '../background/cascade-watch.ts'
import { createContinuity } from '../background/continuity.ts'
import { createCounterSweep } from '../background/counter-sweep.ts'
import { createEventClock } from '../background/event-clock.ts'
import { createFileWatch } from '../background/file-watch.ts'
import type { Janitor } from '../background/janitor.ts'
import { createKeyClock } from '../background/key-clock.ts'
import { createPulse } from '../background/pulse.ts'
import type { Sealer } from '../background/sealer.ts'
import { createWriteNotes } from '../background/write-notes.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { startServers } from '../http/servers.ts'
import type { AuditKeys } from '../keys/audit-keys.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import { createKeyList } from '../keys/key-list.ts'
import { openKeyRing } from '../keys/key-ring.ts'
import { type KeyPolicy, nextChangeAtMs } from '../keys/schedule.ts'
import type { Moves } from '../maintenance/moves.ts'
import type { RestoreGuard } from '../maintenance/restore.ts'
import { createMetrics } from '../metrics/metrics.ts'
import type { LimitObserver } from '../metrics/observable-limits.ts'
import type { WriteObserver } from '../metrics/observable-write.ts'
import type { Cascades } from '../oauth/sessions/cascades.ts'
import type { SessionEnds } from '../oauth/sessions/session-ends.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import type { HashingLane } from '../passwords/hashing-lane.ts'
import { loadArgon2, type Passwords } from '../passwords/passwords.ts'
import type { Randomness } from '../randomness.ts'
import { itself } from '../records/audit-event.ts'
import type { Allowance, Counters } from '../records/counters.ts'
import type { RequestWaits } from '../records/request-waits.ts'
import type { Database } from '../storage/engine/database.ts'
import type { Assertions } from './assertions.ts'
import type { KeyStores } from './key-stores.ts'
import { composeProtocol } from './protocol.ts'
import type { Faults } from './sources.ts'

interface ServeParts {
  readonly config: Config
  readonly clock: Clock
  readonly randomness: Randomness
  readonly log: Logger
  readonly faults: Faults
  readonly pause: Pause
  readonly policy: KeyPolicy
  readonly hashingLane: HashingLane
  readonly passwords: Passwords
  readonly ends: SessionEnds
  readonly requestWaits: RequestWaits
  database(): Promise<Database & { observeWrites(observer: WriteObserver): void }>
  readonly keyStores: Pick<KeyStores, 'signing'>
  auditKeys(): Promise<AuditKeys>
  sealer(): Promise<Sealer>
  auditTrail(): Promise<AuditTrail>
  recorder(): Promise<EventRecorder>
  counters(): Promise<Counters>
  throttling(): Promise<SignInThrottling>
  onThrottled(limit: Pick<Allowance, 'name'>): void
  observeLimits(observer: LimitObserver): void
  keyLifecycle(): Promise<KeyLifecycle>
  moves(): Promise<Moves>
  restoreGuard(): Promise<RestoreGuard>
  users(): Promise<Users>
  passwordTickets(): Promise<PasswordTickets>
  roles(): Promise<Roles>
  clients(): Promise<Clients>
  issuers(): Promise<TrustedIssuers>
  assertions(): Promise<Assertions>
  apiKeys(): Promise<ApiKeys>
  cascades(): Promise<Cascades>
  sessionManagement(): Promise<SessionManagement>
  sessionEndings(): Promise<SessionEndings>
  janitor(): Promise<Janitor>
}

const UNKNOWN_SERVER =
  'the server does not say which one it is (pg_control_system, pg_walfile_name): a copy in its place is known only by what it lacks'

export async function serve(parts: ServeParts) {
  const { config, clock, randomness, log, faults, pause, policy, hashingLane, passwords, ends } = parts
  await loadArgon2()
  const { read, snapshot, write, ping, files, server, steps, observeWrites } = await parts.database()
  const metrics = createMetrics()
  observeWrites(metrics.writes)
  parts.observeLimits(metrics)
  const lifecycle = await parts.keyLifecycle()
  const restoreGuard = await parts.restoreGuard()
  await restoreGuard.assertOriginal()
  const first = await read.pulse.take()
  if (first.server !== undefined) server?.pin(first.server.identity)
  else if (server !== undefined) log.warn(UNKNOWN_SERVER)
  // What is there now is the original, and nobody has exchanged it between the two looks.
  await restoreGuard.assertOriginal()
  await lifecycle.settle(itself)
  const privateKeys = await parts.keyStores.signing()
  const ring = await openKeyRing({ privateKeys, keys: read.signingKeys, clock, policy, log })
  const keyClock = createKeyClock({ lifecycle, ring, clock, log, provenance: itself })

  const activeSigner = () => faults.signer?.(ring.signer()) ?? ring.signer()
  const publishedKeys = ring.published
  const apiKeys = await parts.apiKeys()
  const passwordTickets = await parts.passwordTickets()
  const auditKeys = await parts.auditKeys()
  const recorder = await parts.recorder()
  const counters = await parts.counters()
  const assertions = await parts.assertions()
  const protocol = composeProtocol({
    ...{ config, clock, randomness, read, snapshot, write, passwords, apiKeys, passwordTickets, ends },
    verifyAssertion: assertions.verifyAssertion,
    verificationKeys: { ...ring, follow: keyClock.follow },
    activeSigner: () => metrics.measuredSigner(activeSigner()),
    recordEvent: recorder.record,
    auditKeys,
    counters,
    throttling: await parts.throttling(),
    onThrottled: parts.onThrottled,
  })

  const sealer = await parts.sealer()
  const janitor = await parts.janitor()
  const counterSweep = createCounterSweep({ counters, clock })
  const fileWatch = createFileWatch({ files, log })
  const writeNotes = createWriteNotes(restoreGuard, log)
  const cascadeWatch = createCascadeWatch(await parts.cascades(), log)
  const continuity = createContinuity({
    ...{ first, server, moves: await parts.moves(), beginNotes: restoreGuard.beginNotes, assertSchema: steps, log },
  })
  const pulse = createPulse({ take: read.pulse.take, continuity, listeners: [keyClock, cascadeWatch, sealer], log })
  const background = [pulse, fileWatch, counterSweep, janitor, writeNotes, metrics.process]
  const eventClock = createEventClock(recorder, log)
  const { host, port, managementHost, managementPort } = config
  // What could be refused was: a start that is refused changes nothing.
  await files?.begin()
  await restoreGuard.beginNotes()
  const servers = await startServers({
    ...protocol,
    ...{ log, pause, requestWaits: parts.requestWaits },
    keepAliveSeconds: config.keepAliveSeconds,
    shutdownDelaySeconds: config.shutdownDelaySeconds,
    trustProxy: config.trustProxy,
    kid: ring.signer().kid,
    publicAddress: { host, port },
    managementAddress: { host: managementHost, port: managementPort },
    publishedKeys,
    jwksMaxAge: ring.maxAge,
    users: await parts.users(),
    passwordTickets,
    apiKeys,
    roles: await parts.roles(),
    clientRegistry: await parts.clients(),
    issuers: await parts.issuers(),
    issuerInspection: assertions.inspection,
    listKeys: createKeyList({ lifecycle, policy, clock }),
    auditPage: (await parts.auditTrail()).page,
    standings: read,
    clock,
    sessionManagement: await parts.sessionManagement(),
    sessionEndings: await parts.sessionEndings(),
    clients: read.clients,
    proofs: [ping, () => ring.prove(activeSigner().sign)],
    onRequestOver: metrics.requestOver,
    metrics: metrics.scrapeOf({
      ...{ ...read, clock, hashingLane, recorder, janitor },
      nextTransitionAtMs: keys => nextChangeAtMs(keys, policy, clock.now()),
      statusListAge: async () => (await protocol.statusLists.aggregate()).ageSeconds,
    }),
  })
  for (const each of [...background, eventClock]) each.start()
  return {
    /** What the key clock does when a pulse shows that it is needed. */
    tick: keyClock.tick,
    /** What the event clock does every second. */
    writeEvents: recorder.tick,
    /** What the sealer does twice a second. */
    seal: () => sealer.seal(),
    /** Resolves when the database was taken away under the service, which has to end then. */
    lost: Promise.race([fileWatch.lost, continuity.over]),
    /** What looks for that does every second. */
    lookAtFiles: fileWatch.look,
    async stop(how?: { readonly isUrgent?: boolean }) {
      // As long as requests come in, keys are rotated and cascades are gone on with.
      await servers.stop(how)
      await Promise.all([...background, keyClock, cascadeWatch].map(each => each.stop()))
      await eventClock.stop()
      // What was written last is sealed, too.
      await sealer.stop()
      await writeNotes.tick()
    },
  }
}
