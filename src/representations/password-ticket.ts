/** A password ticket as it is told once, to whoever made it. */
import { isoTime } from '../clock.ts'
import type { PasswordTicket } from '../records/password-ticket.ts'

/** @param text the ticket itself. @param clientId the `client_id` of RFC 6749 §2.2 */
export const describePasswordTicket = (
  { id, userId, expiresAtMs }: PasswordTicket,
  text: string,
  clientId: string,
) => ({
  password_ticket: text,
  password_ticket_id: id,
  user_id: userId,
  client_id: clientId,
  expires_at: isoTime(expiresAtMs),
})

export const passwordTicketSchema = {
  type: 'object',
  required: ['password_ticket', 'password_ticket_id', 'user_id', 'client_id', 'expires_at'],
  properties: {
    password_ticket: { type: 'string', description: 'It is told here and nowhere else.' },
    password_ticket_id: { type: 'string', description: 'As the audit names it.' },
    user_id: { type: 'string', examples: ['user_3f0c9a4be17d2c58a6b1e0f493d7c285'] },
    client_id: { type: 'string', description: 'The client through which it can be redeemed.', examples: ['web-app'] },
    expires_at: { type: 'string', format: 'date-time' },
  },
} as const
