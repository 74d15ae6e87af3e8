/**
 * Password tickets: made by whoever may reset the password, mailed by an application, and redeemed through the client that was named then.
 * They are good for as long as the password and the status stay what they were, and no role is given.
 */
import type { Clock } from '../clock.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { turnOfSignIn } from '../passwords/turn.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance, RecordEvent } from '../records/audit-event.ts'
import { type Client, isClient } from '../records/client.ts'
import { CLOCK_TOLERANCE_SECONDS } from '../records/limits.ts'
import { hashOf } from '../records/opaque-token.ts'
import {
  encodeTicket,
  hashOfTicket,
  type PasswordTicket,
  type PasswordTicketReader,
  TICKET_ID_PREFIX,
} from '../records/password-ticket.ts'
import { isActive } from '../records/standing.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import type { User, UserWithRoles } from '../records/user.ts'
import type { By, Standings } from './authority.ts'
import type { Cascades } from './cascades.ts'
import { assertMayActOn, findUser, type NamedUser } from './finding-users.ts'
import { type NewPassword, newPassword, replaceLostPassword } from './passwords-of-users.ts'
import { AccountError } from './rules.ts'
import type { SignInThrottling } from './sign-in-throttling.ts'
import { usernameKey } from './username.ts'

/** The ticket itself is told once, in the answer of the act that made it. */
export interface CreatedTicket {
  readonly ticket: PasswordTicket
  readonly text: string
  /** The `client_id` of RFC 6749 §2.2. */
  readonly clientId: string
}

export interface TicketRedemption {
  readonly ticket: string
  readonly newPassword: string
  /** Who presents it, authenticated. */
  readonly client: Pick<Client, 'id' | 'isPublic'>
  readonly provenance: Provenance
}

export interface PasswordTickets {
  /** @throws AccountError also when the user is not active, or has as many as one may have */
  create(which: NamedUser, clientId: string, by: By<UserWithRoles>): Promise<CreatedTicket>
  /**
   * Sets the password, and ends all that hung on the one before.
   * @throws AccountError wrong_ticket, the same for wrong, used and expired ones, and those of another client
   * @throws PasswordRefused, TooManyWaiting: the ticket stays
   */
  redeem(redemption: TicketRedemption): Promise<void>
}

const TICKET_TTL_MS = 30 * 60_000
const MOST_LIVE = 3
const SECRET_BYTES = 32

/** Why a ticket is refused, for the audit alone. */
interface Refusal {
  readonly reason: string
  /** Undefined for what is no ticket. */
  readonly ticket?: PasswordTicket
}

interface Redeemable {
  readonly ticket: PasswordTicket
  readonly user: User
}

export function createPasswordTickets(dependencies: {
  readonly read: Standings & { readonly passwordTickets: PasswordTicketReader }
  readonly write: Write
  readonly recordEvent: RecordEvent
  readonly passwords: Passwords
  readonly throttling: () => Promise<SignInThrottling>
  readonly cascades: Cascades
  readonly clock: Clock
  readonly randomness: Randomness
}): PasswordTickets {
  const { read, write, recordEvent, passwords, throttling, cascades, clock, randomness } = dependencies

  /** One that was made before the clock was set back lasts no longer for it. */
  const isLive = ({ expiresAtMs }: PasswordTicket): boolean => {
    const leftMs = expiresAtMs - clock.now()
    return leftMs > 0 && leftMs <= TICKET_TTL_MS + CLOCK_TOLERANCE_SECONDS * 1000
  }

  /** Inside a write that has locked the user: of two that are made at once, the second counts the first. */
  async function assertMayHaveMore({ passwordTickets }: Stores, userId: string): Promise<void> {
    const oldest = (await passwordTickets.listOf(userId)).filter(isLive).at(-MOST_LIVE)
    if (oldest === undefined) return
    const message = `A user has at most ${MOST_LIVE} password tickets that work.`
    const retryAfterSeconds = Math.ceil((oldest.expiresAtMs - clock.now()) / 1000)
    throw new AccountError('too_many', message, { retryAfterSeconds })
  }

  /** In one order: two machines may make tickets for each other, and each is locked when it is asked what it may do. */
  async function lockClients({ clients }: Stores, client: Client, { caller }: Pick<By, 'caller'>): Promise<void> {
    const asking = caller !== undefined && isClient(caller.subjectId) ? [caller.subjectId] : []
    for (const id of [client.id, ...asking].sort()) await clients.findById(id)
  }

  async function clientNamed(clientId: string): Promise<Client> {
    const client = await read.clients.findByClientId(clientId)
    if (client !== undefined && isActive(client.status)) return client
    const message = 'There is no such client, or it is disabled.'
    throw new AccountError('invalid', message, { problems: [{ field: 'client_id', message }] })
  }

  /** Before the new password is looked at: whoever has no ticket learns nothing of it, and nothing is hashed. */
  async function look({ ticket: text, client }: TicketRedemption): Promise<Redeemable | Refusal> {
    const hash = hashOfTicket(text)
    const ticket = hash && (await read.passwordTickets.findByHash(hash))
    if (!ticket) return { reason: 'unknown_ticket' }
    if (ticket.clientId !== client.id) return { reason: 'ticket_of_another_client', ticket }
    if (!isLive(ticket)) return { reason: 'ticket_expired', ticket }
    const user = await read.users.findById(ticket.userId)
    return user !== undefined && isActive(user.status) ? { user, ticket } : { reason: 'user_not_active', ticket }
  }

  function refuse({ reason, ticket }: Refusal, { client, provenance }: TicketRedemption): never {
    const about = ticket && { userId: ticket.userId, target: ticket.id }
    const event = { type: 'password_ticket.redeem', outcome: 'failure', reason, clientId: client.id, ...about } as const
    recordEvent({ ...event, provenance })
    throw new AccountError('wrong_ticket', 'The ticket is wrong, used or expired, or it is for another client.')
  }

  /** Of two who redeem at once the second finds no ticket: the user is locked. */
  const replace = (
    { user: { userId, passwordId }, ticket }: Redeemable,
    password: NewPassword,
    { client, provenance: by }: TicketRedemption,
  ): Promise<boolean> =>
    write(async stores => {
      const now = await stores.users.findById(userId)
      const through = await stores.clients.findById(client.id)
      const found = await stores.passwordTickets.findByHash(ticket.hash)
      if (now === undefined || !isActive(now.status) || now.passwordId !== passwordId) return false
      if (through === undefined || !isActive(through.status) || found === undefined || !isLive(found)) return false
      await replaceLostPassword({ stores, cascades }, userId, password, { nowMs: clock.now(), by })
      const event = { type: 'password_ticket.redeem', outcome: 'success', userId, clientId: client.id } as const
      await stores.audit.append({ ...event, target: ticket.id, provenance: by })
      return true
    })

  return {
    async create(which, clientId, by) {
      const client = await clientNamed(clientId)
      const secret = randomness.bytes(SECRET_BYTES).toString('hex')
      const ticket = await write(async stores => {
        const found = await findUser(stores.users, which)
        await lockClients(stores, client, by)
        await assertMayActOn(stores, found, by)
        const { userId, status } = found.user
        if (!isActive(status)) throw new AccountError('conflict', 'The user is disabled: a ticket would do nothing.')
        await assertMayHaveMore(stores, userId)
        const createdAtMs = clock.now()
        const made: PasswordTicket = {
          ...{ id: randomId(randomness, TICKET_ID_PREFIX), userId, clientId: client.id, hash: hashOf(secret) },
          ...{ createdAtMs, expiresAtMs: createdAtMs + TICKET_TTL_MS },
        }
        await stores.passwordTickets.insert(made)
        const event = { type: 'password_ticket.create', outcome: 'success', userId, clientId: client.id } as const
        await stores.audit.append({ ...event, target: made.id, provenance: by })
        return made
      })
      return { ticket, text: encodeTicket(secret), clientId }
    },

    async redeem(redemption) {
      const found = await look(redemption)
      if ('reason' in found) return refuse(found, redemption)
      const { user, ticket } = found
      const { client, provenance } = redemption
      const turn = turnOfSignIn({ clientId: client.id, isConfidential: !client.isPublic, provenance })
      const hash = await passwords.hashNew(turn, redemption.newPassword, [user.username])
      if (!(await replace(found, newPassword(hash, randomness), redemption)))
        return refuse({ reason: 'ticket_changed', ticket }, redemption)
      await cascades.finish({ subjectId: user.userId })
      // Whoever reads the mail is no stranger who guesses.
      await (await throttling()).forget(usernameKey(user.username))
    },
  }
}
