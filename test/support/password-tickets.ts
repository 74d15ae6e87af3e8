/** Password tickets: made at /admin, and redeemed by the login page, which is a public client, or through a client with a secret. */
import type { Test } from 'tap'
import { administered } from './administered.ts'
import { addClient } from './clients.ts'
import { page } from './scene.ts'
import { type RequestOptions, secret } from './serve.ts'
import { select } from './sqlite.ts'
import { heldHasher, usersOverHttp } from './users-over-http.ts'

export const another = 'another battery staple 10'
export const badTicket = [400, 'invalid_grant'] as const
const REDEEM = '/oauth/password-tickets/redeem'

export async function withTickets(t: Test) {
  const hashing = heldHasher()
  const its = await administered(t, { faults: hashing.faults, environment: { SIGNET_LOG_LEVEL: 'trace' } })
  const { service, admin } = its
  const users = usersOverHttp(its)
  await addClient(service, { clientId: 'login', isPublic: true, secret: undefined, origins: [page] })
  const given: string[] = []
  return {
    ...its,
    ...users,
    hashing,
    /** Every ticket so far. */
    given,
    async ticketFor(userId: string, clientId = 'login', by = admin): Promise<string> {
      const { status, body } = await users.act(userId, 'password-tickets', { client_id: clientId }, { by })
      if (status !== 201) throw new Error(`No ticket: ${body.error_description}`)
      given.push(body.password_ticket)
      return body.password_ticket
    },
    redeem: (ticket: string, more: Readonly<Record<string, string>> = {}, options: RequestOptions = {}) =>
      service.get(REDEEM, { form: { client_id: 'login', ticket, new_password: another, ...more }, ...options }),
    through: (client: string, ticket: string, more = {}) =>
      service.get(REDEEM, { form: { ticket, new_password: another, ...more }, client: [client, secret] }),
    /** A user whom no other case knows. */
    async person() {
      const id = await users.someone()
      return { id, username: (await users.show(id)).username as string }
    },
    countOf: (userId: string) =>
      select(service.databaseFile, 'select id from password_tickets where user_id = ?', userId).length,
  }
}
