/** What every database must do: one list of checks, a part for each store of src/records/unit-of-work.ts. */
import type { Test } from 'tap'
import { apiKeyChecks } from './conformance/api-keys.ts'
import { assertionChecks } from './conformance/assertions.ts'
import { auditChecks } from './conformance/audit.ts'
import { auditListChecks } from './conformance/audit-list.ts'
import { auditSealChecks } from './conformance/audit-seals.ts'
import { cascadeChecks } from './conformance/cascades.ts'
import { clientChecks } from './conformance/clients.ts'
import { credentialListChecks } from './conformance/credential-lists.ts'
import { credentialChecks } from './conformance/credentials.ts'
import { familyChecks } from './conformance/families.ts'
import { importedUserChecks } from './conformance/imported-users.ts'
import { instanceChecks } from './conformance/instance.ts'
import { machineSessionChecks } from './conformance/machine-sessions.ts'
import { rowsMigrationChecks } from './conformance/migration-rows.ts'
import { migrationChecks } from './conformance/migrations.ts'
import { oneStatementChecks } from './conformance/one-statement.ts'
import { privateKeyChecks } from './conformance/private-keys.ts'
import type { Engine } from './conformance/records.ts'
import { revocationChecks } from './conformance/revocations.ts'
import { roleChecks } from './conformance/roles.ts'
import { sessionAsReadChecks } from './conformance/session-as-read.ts'
import { sessionBatchChecks } from './conformance/session-batches.ts'
import { sessionEndChecks } from './conformance/session-end.ts'
import { idleSessionChecks } from './conformance/session-idle.ts'
import { sessionIndexChecks } from './conformance/session-index.ts'
import { sessionListChecks } from './conformance/session-list.ts'
import { sessionOverChecks } from './conformance/session-over.ts'
import { sessionRotationChecks } from './conformance/session-rotation.ts'
import { takenIndexChecks } from './conformance/session-taken.ts'
import { sessionChecks } from './conformance/sessions.ts'
import { signingKeyChecks } from './conformance/signing-keys.ts'
import { standingChecks } from './conformance/standing.ts'
import { statusListChecks } from './conformance/status-lists.ts'
import { userListChecks } from './conformance/user-list.ts'
import { userChecks } from './conformance/users.ts'
import { writeChecks } from './conformance/write.ts'

const parts = [
  migrationChecks,
  rowsMigrationChecks,
  userChecks,
  importedUserChecks,
  userListChecks,
  roleChecks,
  clientChecks,
  credentialChecks,
  credentialListChecks,
  apiKeyChecks,
  assertionChecks,
  sessionChecks,
  machineSessionChecks,
  familyChecks,
  sessionAsReadChecks,
  sessionRotationChecks,
  sessionIndexChecks,
  sessionListChecks,
  idleSessionChecks,
  sessionEndChecks,
  takenIndexChecks,
  sessionBatchChecks,
  cascadeChecks,
  sessionOverChecks,
  revocationChecks,
  statusListChecks,
  standingChecks,
  signingKeyChecks,
  privateKeyChecks,
  instanceChecks,
  auditChecks,
  auditListChecks,
  auditSealChecks,
  writeChecks,
  oneStatementChecks,
]

/** Every check, one after the other. */
export function conformance(t: Test, engine: Engine): void {
  for (const part of parts) part(t, engine)
}
