/**
 * Sign-up and forgotten passwords. The backend of this page mails a link with a ticket. With the ticket the page sets the password at
 * the token service itself: no password gets to the backend, and no ticket to anybody but the token service.
 */
import { atField, Refused, readAnswer, send } from './errors.js'

/** The token service doesn't tell which of these it is. */
class UselessLink extends Error {
  constructor() {
    super('This link was used already, is too old, or is incomplete. Ask for a new one: "Forgot your password?"')
  }
}

/** @param backend undefined: then there is nobody who sends mails */
export function createAccounts({ issuer, clientId, backend }) {
  async function sendForm(path, fields) {
    const headers = { 'content-type': 'application/json' }
    const { message } = await readAnswer(
      await send(backend + path, { method: 'POST', headers, body: JSON.stringify(fields) }),
    )
    return message
  }

  return {
    /** @returns what to tell: the same whether or not the name is known. @throws NotUnderstood, Refused, Unreachable */
    signUp: (username, email) => sendForm('/sign-up', { username, email }),

    /** The same. @param login a user name or a mail address */
    forgotPassword: login =>
      sendForm('/forgot-password', login.includes('@') ? { email: login } : { username: login }).catch(error => {
        // Both are one field of the form.
        if (error instanceof Refused) error.errors = error.errors.map(each => ({ ...each, field: 'login' }))
        throw error
      }),

    /** @throws UselessLink, NotUnderstood, Refused, Unreachable */
    async setPassword(ticket, newPassword) {
      const body = new URLSearchParams({ client_id: clientId, ticket, new_password: newPassword })
      await readAnswer(await send(`${issuer}/oauth/password-tickets/redeem`, { method: 'POST', body })).catch(error => {
        if (error.code === 'invalid_grant') throw new UselessLink()
        // All else in the request is the page's own.
        return atField(error, 'invalid_request', 'new_password')
      })
    },
  }
}
