/**
 * Who did what, when, from where and why. The event of an act is appended inside the write of the act, so that neither exists without
 * the other. What a caller can cause again without new work is recorded beside requests, and what repeats is counted.
 */
import type { AuditRow } from './audit-seal.ts'
import { isClient } from './client.ts'
import type { Position } from './position.ts'

/** Where an act came from. */
export interface Provenance {
  /**
   * `operator:NAME` for the command line; `user:ID` or `client:ID` for whoever administers over HTTP, with the internal id; `client` for a
   * request of a client and `user` for one of a signed-in user about what is their own (who is in the event); `signet` for the service.
   */
  readonly actor: string
  /** The client's network address, as far as trusted proxies tell it; that of the person, where a client forwards it. */
  readonly address: string | null
  /** The address of the client that forwarded `address`; undefined when nobody did. */
  readonly forwardedBy?: string | null
  readonly userAgent: string | null
  readonly requestId: string | null
}

/** The service itself. */
export const itself: Provenance = { actor: 'signet', address: null, userAgent: null, requestId: null }

/** Who administers over HTTP. @param id of a user, or the internal one of a client */
export const actorOf = (id: string): string => `${isClient(id) ? 'client' : 'user'}:${id}`

/** Ids begin so, and go on with the time. */
export const EVENT_ID_PREFIX = 'event'

export const auditEventTypes = [
  'access_token.revoke',
  'api_key.create',
  'api_key.exchange',
  'api_key.revoke',
  'audit.overflow',
  'audit.remove',
  'audit_key.add',
  'audit_key.replace',
  'client.authenticate',
  'client.add',
  'client.update',
  'client.disable',
  'client.enable',
  'client.grant',
  'client.delete',
  'client.add_key',
  'client.add_secret',
  'client.add_trust',
  'client.remove_key',
  'client.remove_secret',
  'client.remove_trust',
  'database.backup',
  'issuer.add',
  'issuer.remove',
  'issuer.update',
  'password_ticket.create',
  'password_ticket.redeem',
  'private_keys.rewrap',
  'restore.accept',
  'restore.mark',
  'restore.move',
  'role.add',
  'role.update',
  'role.delete',
  'role.grant',
  'role.revoke',
  'session.refresh',
  'session.repeat',
  'session.end',
  'signing_key.add',
  'signing_key.activate',
  'signing_key.ask_rotation',
  'signing_key.retire',
  'signing_key.revoke',
  'signing_key.stop_signing',
  'user.add',
  'user.delete',
  'user.disable',
  'user.enable',
  'user.import',
  'user.rename',
  'user.set_password',
  'user.sign_in',
  'user.unlock',
  'user.upgrade_password_hash',
] as const
export type AuditEventType = (typeof auditEventTypes)[number]

/** What people call a kind of events: the noun of several types, or one of them. */
export const auditEventWords: readonly string[] = [
  ...new Set(auditEventTypes.map(type => type.split('.')[0] as string)),
  ...auditEventTypes,
]

/** The types that such a word stands for; none: it stands for nothing. */
export const auditEventTypesOf = (word: string): readonly AuditEventType[] =>
  auditEventTypes.filter(type => type === word || type.startsWith(`${word}.`))

export const auditOutcomes = ['success', 'failure'] as const

/** What there is to say of an assertion beside the reason: texts of at most 256 characters. */
export interface AuditDetails {
  readonly sub?: string
  /** Of the conditions that hold, the claims. */
  readonly claims?: Readonly<Record<string, string>>
  readonly did_not_match?: readonly {
    readonly claim: string
    readonly condition: string
    readonly seen: string | null
  }[]
  /** SHA-256, base64url, of the `jti`, or of the whole assertion where it has none. */
  readonly jti_sha256?: string
  readonly assertion_sha256?: string
  /** Where the client asked from that forwarded the address of the event. */
  readonly forwarded_by?: string | null
}

export interface AuditEvent {
  readonly type: AuditEventType
  readonly outcome: (typeof auditOutcomes)[number]
  /** Why, in a few words without anything that the caller typed. */
  readonly reason?: string
  readonly userId?: string
  /** The internal id of a client (`client_…`), which is never reused. */
  readonly clientId?: string
  readonly sessionId?: string
  /** The role, credential, password ticket, signing key or trusted issuer that the act is about; of a rename the keyed hash of the new name. */
  readonly target?: string
  /** The keyed hash of a name that no user has: people type passwords there. Of a rename, the former name's. */
  readonly nameHash?: string
  /** Of an assertion. What others wrote into it is here only when it was signed by whom the client trusts. */
  readonly details?: AuditDetails
  /** How many events this one stands for, and of `session.end` how many sessions; 1 when it is not given. */
  readonly count?: number
  /** When it is not the moment at which it is written. */
  readonly occurredAtMs?: number
  readonly provenance: Provenance
}

/** Records an event that a caller can cause again without new work. Nobody waits for it, and it never fails. */
export type RecordEvent = (event: Omit<AuditEvent, 'count' | 'occurredAtMs'>) => void

/** As it is told of to operators: with what is called how, as it is called now. */
export interface ListedAuditEvent extends AuditRow {
  readonly username: string | null
  /** The `client_id` of RFC 6749 §2.2, by which operators know the client. */
  readonly publicClientId: string | null
  /** The name, or the `client_id`, of whom `actor` names by an id. */
  readonly actorName: string | null
}

/** Whoever has or had a name, or asked for it while nobody had it: what was done by, to and as them. */
export interface AuditParty {
  /** Internal ids of users, or of clients. */
  readonly ids: readonly string[]
  /** Undefined when it is not known. */
  readonly nameHash: string | undefined
}

/** Every condition that is given holds. */
export interface AuditFilter {
  readonly user?: AuditParty | undefined
  readonly client?: AuditParty | undefined
  readonly types?: readonly string[] | undefined
  readonly outcome?: AuditEvent['outcome'] | undefined
  /** One of these. */
  readonly addresses?: readonly string[] | undefined
  readonly sinceMs?: number | undefined
  readonly beforeMs?: number | undefined
}

/** A part of what is found, the newest first. */
export interface AuditPage {
  readonly events: readonly ListedAuditEvent[]
  /** Behind which to go on; undefined at the end. */
  readonly next: Position | undefined
}

export interface AuditReader {
  /** When the newest event was written. */
  lastEventAtMs(): Promise<number | undefined>
  /** The newest `limit`, the oldest of them first. */
  list(filter: AuditFilter, limit: number): Promise<readonly ListedAuditEvent[]>
  /**
   * Some of the newest that are older than `before`, the newest first: at most `limit`, of the next `look` that each index leads to.
   * Whoever looks for what is rare asks again, and holds nobody up.
   */
  page(filter: AuditFilter, before: Position | undefined, limit: number, look: number): Promise<AuditPage>
  /** Those of the seals after the one, up to the other, in the order of time. */
  listSealed(
    filter: AuditFilter,
    seals: { readonly after: number; readonly to: number },
  ): Promise<readonly ListedAuditEvent[]>
  /** Those that no seal covers, in the order of their ids, after this one. */
  listUnsealed(filter: AuditFilter, afterId: string, limit: number): Promise<readonly ListedAuditEvent[]>
}

export interface AuditStore extends AuditReader {
  /** Adds an event; there is no way to change or remove one. */
  append(event: AuditEvent): Promise<void>
}
