/**
 * Sign-up and forgotten passwords. The backend of this page sends a mail with a ticket; with the ticket the page sets the password at
 * the token service itself. So no password gets to the backend, and no ticket to anybody but the token service.
 */
import { Refused, readAnswer, send } from './errors.js'

/** The token service doesn't tell which of these it is. */
class LinkOfNoUse extends Error {
  constructor() {
    super('This link was used already, is too old, or is not whole. Ask for a new one: "Forgot your password?"')
  }
}

/** Says of all that is wrong that it is in this field of the form. */
function inField(field, error) {
  if (error instanceof Refused) error.errors = error.errors.map(each => ({ ...each, field }))
  return error
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
        throw inField('login', error)
      }),

    /** @throws LinkOfNoUse, NotUnderstood, Refused, Unreachable */
    async setPassword(ticket, newPassword) {
      const body = new URLSearchParams({ client_id: clientId, ticket, new_password: newPassword })
      const response = await send(`${issuer}/oauth/password-tickets/redeem`, { method: 'POST', body })
      if (response.ok) return
      await readAnswer(response).catch(error => {
        if (error.code === 'invalid_grant') throw new LinkOfNoUse()
        // All else in the request is the page's own.
        if (error.code === 'invalid_request') error.errors = [{ field: 'new_password', message: error.message }]
        throw error
      })
    },
  }
}
