/** The protocol, put together: the part of the composition root that only a running service needs. */

import type { ApiKeys } from '../accounts/api-keys.ts'
import { createGate } from '../accounts/may-receive-tokens.ts'
import type { PasswordTickets } from '../accounts/password-tickets.ts'
import { createSignIn } from '../accounts/sign-in.ts'
import type { SignInThrottling } from '../accounts/sign-in-throttling.ts'
import { createPlaceOf } from '../accounts/throttling-places.ts'
import { createNameHash } from '../audit/name-hash.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { AuditKeys } from '../keys/audit-keys.ts'
import { createAccessTokens, createJwsSigner } from '../oauth/access-token.ts'
import {
  createAccessTokenVerification,
  createLiveAccessTokens,
  type VerificationKeys,
} from '../oauth/access-token-verification.ts'
import { type ApiKeysInUse, createApiKeysInUse } from '../oauth/api-keys.ts'
import type { VerifyAssertion } from '../oauth/assertions/verification.ts'
import { type AssertionProofs, createAssertionProofs } from '../oauth/client-authentication/assertion-proof.ts'
import { createClientAuthentication } from '../oauth/client-authentication/client-authentication.ts'
import { createClientProofs } from '../oauth/client-authentication/client-proof.ts'
import { createCredentialUse, type RecordUse } from '../oauth/client-authentication/credential-use.ts'
import { createKnownClients } from '../oauth/client-authentication/known-clients.ts'
import { createSecretThrottling } from '../oauth/client-authentication/secret-throttling.ts'
import { createGrantLimits } from '../oauth/grant-limits.ts'
import { createClientCredentialsGrant } from '../oauth/grants/client-credentials.ts'
import { createPasswordGrant } from '../oauth/grants/password.ts'
import { createRefreshTokenGrant } from '../oauth/grants/refresh-token.ts'
import { createTokenExchangeGrant } from '../oauth/grants/token-exchange.ts'
import { createIntrospectionEndpoint } from '../oauth/introspection.ts'
import { metadataOf } from '../oauth/metadata.ts'
import { createTicketEndpoint } from '../oauth/password-ticket-redemption.ts'
import { createRevocationEndpoint } from '../oauth/revocation.ts'
import { createMachineSessions } from '../oauth/sessions/machine-session.ts'
import { createSessionStarter } from '../oauth/sessions/new-session.ts'
import { createTokenRelease } from '../oauth/sessions/session-changes.ts'
import type { SessionEnds } from '../oauth/sessions/session-ends.ts'
import { createSessionStarts, type Gate } from '../oauth/sessions/session-starts.ts'
import { STATUS_LIST_TYPE } from '../oauth/status-list/encoding.ts'
import { createIndexAllocation } from '../oauth/status-list/index-allocation.ts'
import { createStatusListPublisher } from '../oauth/status-list/publisher.ts'
import { createStatusIndices } from '../oauth/status-list/status-index.ts'
import { createTokenEndpoint } from '../oauth/token-endpoint.ts'
import { createTokenIssuer } from '../oauth/token-issuer.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Randomness } from '../randomness.ts'
import type { RecordEvent } from '../records/audit-event.ts'
import type { Allowance, Counters } from '../records/counters.ts'
import type { Signer } from '../records/signing-key.ts'
import type { Readers, Snapshot, Write } from '../records/unit-of-work.ts'

export interface ProtocolParts {
  readonly config: Config
  readonly clock: Clock
  readonly randomness: Randomness
  readonly read: Readers
  readonly snapshot: Snapshot
  readonly write: Write
  readonly passwords: Passwords
  readonly apiKeys: ApiKeys
  readonly passwordTickets: PasswordTickets
  readonly ends: SessionEnds
  readonly recordEvent: RecordEvent
  readonly auditKeys: AuditKeys
  readonly counters: Counters
  readonly throttling: SignInThrottling
  readonly onThrottled: (limit: Pick<Allowance, 'name'>) => void
  /** The signer of the key that is active now. */
  readonly activeSigner: () => Signer
  readonly verificationKeys: VerificationKeys
  readonly verifyAssertion: VerifyAssertion
}

export function composeProtocol(parts: ProtocolParts) {
  const { config, clock, read, write, ends, recordEvent, activeSigner, verificationKeys } = parts
  const { issuer, refreshGraceSeconds: refreshGrace, accessTokenTtlSeconds: accessTokenTtl } = config

  const gate = createGate({ standing: read.standing })
  const { haveGoodStanding } = gate
  const verifyAccessToken = createAccessTokenVerification({ issuer, keys: verificationKeys, clock })
  const findLiveAccessToken = createLiveAccessTokens({
    verifyAccessToken,
    sessionReader: read.sessions,
    haveGoodStanding,
    clock,
  })
  const recordUse = createCredentialUse({ write, clock })
  const assertions = createAssertionProofs({
    verifyAssertion: parts.verifyAssertion,
    issuers: read.trustedIssuers,
    write,
    clock,
  })
  const authenticateClient = createClientAuthentication({
    findClient: createKnownClients(read.clients),
    trustingSubject: read.clients.trustingSubject,
    assertions,
    proofs: composeClientProofs(parts, assertions, recordUse),
    clock,
    accessTokenTtl,
  })
  const apiKeysInUse = createApiKeysInUse(read)
  const { isIssuerAsRead } = assertions
  const grants = [
    ...composeUserGrants(parts),
    ...composeMachineGrants({ ...parts, recordUse, apiKeysInUse, isIssuerAsRead }),
  ]

  return {
    metadata: metadataOf(
      issuer,
      grants.map(({ grantType }) => grantType),
    ),
    findLiveAccessToken,
    tokenEndpoint: createTokenEndpoint({
      authenticateClient,
      grants,
      assertWithinLimits: createGrantLimits({ counters: parts.counters, recordEvent }),
      issueTokens: composeIssuer(parts, gate.mayStart),
      recordEvent,
    }),
    revocationEndpoint: createRevocationEndpoint({
      authenticateClient,
      verifyAccessToken,
      apiKeys: apiKeysInUse,
      revokeApiKey: parts.apiKeys.revoke,
      ends,
      write,
      recordEvent,
      clock,
    }),
    ticketEndpoint: createTicketEndpoint({ authenticateClient, redeem: parts.passwordTickets.redeem }),
    introspectionEndpoint: createIntrospectionEndpoint({
      issuer,
      authenticateClient,
      findLiveAccessToken,
      haveGoodStanding,
      apiKeys: apiKeysInUse,
      sessionReader: read.sessions,
      users: read.users,
      clock,
      refreshGrace,
    }),
    statusLists: createStatusListPublisher({
      issuer,
      statusLists: read.statusLists,
      snapshot: parts.snapshot,
      activeSigner,
      sign: createJwsSigner(STATUS_LIST_TYPE),
      clock,
    }),
  }
}

function composeClientProofs(parts: ProtocolParts, assertions: AssertionProofs, recordUse: RecordUse) {
  const { clock, randomness, recordEvent, auditKeys } = parts
  const throttling = createSecretThrottling({
    counters: parts.counters,
    placeOf: createPlaceOf(async () => auditKeys, 'client_id'),
    clock,
    randomness,
    onThrottled: parts.onThrottled,
  })
  const hashName = createNameHash(auditKeys, 'client_id')
  return createClientProofs({ assertions, throttling, recordUse, recordEvent, hashName, clock })
}

function composeUserGrants(parts: ProtocolParts) {
  const { config, clock, randomness, read, write, passwords, ends, recordEvent } = parts
  const { refreshIdleTtlSeconds: refreshIdleTtl, refreshAbsoluteTtlSeconds: refreshAbsoluteTtl } = config
  return [
    createPasswordGrant({
      issuer: config.issuer,
      signIn: createSignIn({
        users: read.users,
        write,
        passwords,
        throttling: parts.throttling,
        recordEvent,
        hashName: createNameHash(parts.auditKeys, 'username'),
      }),
      recordEvent,
      startSession: createSessionStarter({ clock, randomness, refreshIdleTtl, refreshAbsoluteTtl }),
    }),
    createRefreshTokenGrant({
      issuer: config.issuer,
      sessionReader: read.sessions,
      ends,
      write,
      recordEvent,
      clock,
      randomness,
      refreshIdleTtl,
      refreshAbsoluteTtl,
      refreshGrace: config.refreshGraceSeconds,
    }),
  ]
}

interface MachineParts extends ProtocolParts {
  readonly apiKeysInUse: ApiKeysInUse
  readonly recordUse: RecordUse
  readonly isIssuerAsRead: AssertionProofs['isIssuerAsRead']
}

function composeMachineGrants(parts: MachineParts) {
  const { config, clock, randomness, read, apiKeysInUse, recordUse, recordEvent, isIssuerAsRead } = parts
  const { issuer } = config
  const useMachineSession = createMachineSessions({ clock, randomness })
  const rows = { issuer, sessionReader: read.sessions, useMachineSession }
  return [
    createClientCredentialsGrant({ ...rows, isIssuerAsRead }),
    createTokenExchangeGrant({ ...rows, apiKeys: apiKeysInUse, recordUse, recordEvent, clock }),
  ]
}

function composeIssuer(parts: ProtocolParts, gate: Gate) {
  const { config, clock, randomness, read, write, ends, recordEvent, activeSigner } = parts
  const { takeIndex, giveBack } = createIndexAllocation({ write, clock, randomness })
  return createTokenIssuer({
    mintAccessToken: createAccessTokens({ issuer: config.issuer, activeSigner, randomness }),
    chooseStatus: createStatusIndices({ takeIndex, refreshGrace: config.refreshGraceSeconds }),
    giveBack,
    releaseToken: createTokenRelease({
      start: createSessionStarts({ gate, ends, write, clock, sessionLimit: config.sessionLimit }),
      sessionReader: read.sessions,
      write,
      recordEvent,
      clock,
      auditsEveryGrant: config.auditGrants === 'all',
    }),
    clock,
  })
}
