/** A mail server: a confidential client that says from where each person comes, and has no refresh tokens. */
import type { Test } from 'tap'
import { addClient } from './clients.ts'
import { guessing } from './guessing.ts'
import { exchange } from './raw-http.ts'
import { addAlice, api, basic, password, type ServeOptions, secret } from './serve.ts'

export const header = 'x-dovecot-auth-remote'

export interface MailSignIn {
  readonly username?: string
  readonly password?: string
  /** What stands in the header; several: it comes as often, and none: it does not come. */
  readonly from?: string | readonly string[]
  readonly clientId?: string
}

/** A service with alice, and the clients mail and chat, which forward addresses. Behind its proxy both are at 10.0.0.5. */
export async function mailServer(t: Test, options: ServeOptions = {}) {
  const { service, compared } = await guessing(t, options)
  const alice = await addAlice(service)
  const settings = { grants: ['password'], scope: ['*'], audiences: [api, service.issuer], forwardsAddress: header }
  for (const clientId of ['mail', 'chat']) await addClient(service, { ...settings, clientId })

  async function signIn({ username = 'alice', from = [], clientId = 'mail', ...more }: MailSignIn = {}) {
    const form = { grant_type: 'password', username, password: more.password ?? password }
    const body = new URLSearchParams(form).toString()
    const lines = [
      ...['POST /oauth/token HTTP/1.1', 'Host: signet.test', 'Content-Type: application/x-www-form-urlencoded'],
      ...[`Content-Length: ${body.length}`, `Authorization: ${basic([clientId, secret])}`, 'X-Forwarded-For: 10.0.0.5'],
      ...[from].flat().map(value => `X-Dovecot-Auth-Remote: ${value}`),
    ]
    const { status, text } = await exchange(service.issuer, `${lines.join('\r\n')}\r\n\r\n${body}`)
    return { status, body: JSON.parse(text) }
  }
  return { service, compared, alice, signIn }
}
