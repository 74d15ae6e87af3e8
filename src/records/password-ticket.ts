/** Password tickets: with one, a user who has forgotten the password sets a new one. An application mails it and never sees the password. */
import { hashOf, withChecksum, withoutChecksum } from './opaque-token.ts'

export interface PasswordTicket {
  /** `ticket_…` */
  readonly id: string
  readonly userId: string
  /** Internal id of the client that may redeem it. */
  readonly clientId: string
  /** SHA-256, base64url, of the 256 random bits. */
  readonly hash: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export interface PasswordTicketReader {
  findByHash(hash: string): Promise<PasswordTicket | undefined>
  /** Expired ones, too; the oldest first. */
  listOf(userId: string): Promise<readonly PasswordTicket[]>
}

export interface PasswordTicketStore extends PasswordTicketReader {
  insert(ticket: PasswordTicket): Promise<void>
  /** Of a user: also those that are still good. */
  removeOf(userId: string): Promise<void>
  /** Those that expired before `nowMs`, at most `limit`; answers how many. */
  removeExpired(nowMs: number, limit: number): Promise<number>
  /** All that there are, at most `limit`; answers how many. */
  removeSome(limit: number): Promise<number>
}

export const TICKET_ID_PREFIX = 'ticket'

const pattern = /^signet_pt_([0-9a-f]{64})$/

/** It begins with `signet_`, so that secret scanners recognise it. @param secret 256 bits, hexadecimal */
export const encodeTicket = (secret: string): string => withChecksum(`signet_pt_${secret}`)

/** The hash that is stored of it; undefined for what can't be a ticket of ours. */
export function hashOfTicket(text: string): string | undefined {
  const [, secret] = pattern.exec(withoutChecksum(text) ?? '') ?? []
  return secret && hashOf(secret)
}
