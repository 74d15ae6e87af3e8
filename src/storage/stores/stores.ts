import type { PrepareStores } from '../engine/database.ts'
import { prepareApiKeyStore } from './api-keys.ts'
import { prepareAuditStore } from './audit.ts'
import { auditSealStore } from './audit-seals.ts'
import { cascadeStore } from './cascades.ts'
import { prepareClientStore } from './clients.ts'
import { prepareCredentialStore } from './credentials.ts'
import { fetchedKeysStore } from './fetched-keys.ts'
import { instanceStore } from './instance.ts'
import { passwordTicketStore } from './password-tickets.ts'
import { privateKeyStore } from './private-keys.ts'
import { preparePulseReader } from './pulse.ts'
import { prepareRevocationStore } from './revocations.ts'
import { roleStore } from './roles.ts'
import { prepareSessionStore } from './sessions.ts'
import { prepareSignInNetworkStore } from './sign-in-networks.ts'
import { signingKeyStore } from './signing-keys.ts'
import { prepareStandingStore } from './standing.ts'
import { prepareStatusListStore } from './status-lists.ts'
import { prepareTrustedIssuerStore } from './trusted-issuers.ts'
import { prepareUsedAssertionStore } from './used-assertions.ts'
import { prepareUserStore } from './users.ts'

export const prepareStores: PrepareStores = (db, dialect) => {
  const apiKeys = prepareApiKeyStore(db)
  const audit = prepareAuditStore(db, dialect)
  const clients = prepareClientStore(db)
  const credentials = prepareCredentialStore(db)
  const pulse = preparePulseReader(db, dialect)
  const revocations = prepareRevocationStore(db, dialect)
  const sessions = prepareSessionStore(db, dialect)
  const signInNetworks = prepareSignInNetworkStore(db)
  const standing = prepareStandingStore(db, dialect)
  const statusLists = prepareStatusListStore(db, dialect)
  const trustedIssuers = prepareTrustedIssuerStore(db)
  const usedAssertions = prepareUsedAssertionStore(db)
  const users = prepareUserStore(db, dialect)
  return executor => ({
    apiKeys: apiKeys(executor),
    audit: audit(executor),
    auditSeals: auditSealStore(executor),
    cascades: cascadeStore(executor),
    clients: clients(executor),
    credentials: credentials(executor),
    fetchedKeys: fetchedKeysStore(executor),
    instance: instanceStore(executor),
    pulse: pulse(executor),
    passwordTickets: passwordTicketStore(executor),
    privateKeys: privateKeyStore(executor),
    revocations: revocations(executor),
    roles: roleStore(executor),
    sessions: sessions(executor),
    signInNetworks: signInNetworks(executor),
    signingKeys: signingKeyStore(executor),
    standing: standing(executor),
    statusLists: statusLists(executor),
    trustedIssuers: trustedIssuers(executor),
    usedAssertions: usedAssertions(executor),
    users: users(executor),
  })
}
