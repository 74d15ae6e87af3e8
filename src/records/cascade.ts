/** A change of sessions that is larger than one write may be: what is left of it, so that it is over though its process died. */
import type { Provenance } from './audit-event.ts'

/** `end`: the sessions end. `take`: they lose their status index, and their access tokens with it. */
export type CascadeChange = 'end' | 'take'

/**
 * Whose sessions: every condition that is given holds. With a role, those of everybody who has it; with an issuer, those of every client
 * that trusts it.
 */
export interface CascadeTarget {
  readonly subjectId?: string | undefined
  /** Internal id. */
  readonly clientId?: string | undefined
  readonly credentialId?: string | undefined
  readonly exceptClientId?: string | undefined
  readonly exceptSessionId?: string | undefined
  readonly signInsOnly?: boolean | undefined
  readonly roleName?: string | undefined
  readonly issuerId?: string | undefined
}

/** The reason of the cascade at whose end the role itself is deleted. */
export const ROLE_DELETED = 'role_deleted'
/** The reason of the cascade with which the trusts in an issuer go, too. */
export const ISSUER_REMOVED = 'issuer_removed'

export interface Cascade {
  readonly id: string
  readonly change: CascadeChange
  readonly target: CascadeTarget
  readonly reason: string
  /** The last id that is done, of a session or of a user; the empty text before the first. */
  readonly cursor: string
  /** Sessions that were changed. */
  readonly done: number
  /** Who began it. */
  readonly by: Provenance
}

export interface CascadeReader {
  list(): Promise<readonly Cascade[]>
}

export interface CascadeStore extends CascadeReader {
  insert(cascade: Cascade): Promise<void>
  /** Locked against everybody else who would go on with it; undefined when it is over. */
  lock(id: string): Promise<Cascade | undefined>
  advance(id: string, cursor: string, done: number): Promise<void>
  remove(id: string): Promise<void>
}
