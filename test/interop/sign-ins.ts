/** A person's way, by libraries of others: a sign-in, a refresh and a revocation, with a look at what they send. */
import { type Test, test } from 'tap'
import { addClient } from '../support/clients.ts'
import { addAlice, password, serve } from '../support/serve.ts'
import { startLines } from './lines.ts'
import { basicOf, formEncoded, secret, watched } from './machines.ts'

/** What a library is told. */
export interface Settings {
  readonly id: string
  /** Empty: the client is public. */
  readonly secret: string
  readonly username: string
  readonly password: string
  readonly url: string
  readonly tokenUrl: string
  readonly revokeUrl: string
}

export type Act = 'signIn' | 'refresh' | 'revoke'

/** Does one of the acts with the tokens of those before. @throws what the library makes of an answer */
export type Does = (act: Act) => Promise<unknown>

/** The Authorization headers of the three, where one is sent. */
type Expected = readonly [signIn: string | undefined, refresh: string | undefined, revoke: string | RegExp | undefined]

export const named = basicOf('spa', '')
export const asItStands = basicOf('web-app-2', secret)
export const encoded = basicOf('web-app-2', formEncoded(secret))

const kinds = {
  'a public client': { id: 'spa', secret: '' },
  'a confidential client': { id: 'web-app-2', secret },
}

/** @param expected what the library sends of each kind of client */
export function testSignIns(
  name: string,
  start: (t: Test, settings: Settings) => Does,
  expected: Readonly<Record<keyof typeof kinds, Expected>>,
): void {
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[])
    test(`${name} signs a person in through ${kind}, refreshes, revokes, and shows that it is over`, async t => {
      const service = await serve(t)
      await addAlice(service)
      await addClient(service, { clientId: 'web-app-2', secret })
      const { url, tokenUrl, sent } = await watched(t, service)
      const person = { username: 'alice', password }
      const does = start(t, { ...kinds[kind], ...person, url, tokenUrl, revokeUrl: `${url}/oauth/revoke` })
      await does('signIn')
      await does('refresh')
      await does('revoke')
      await t.rejects(does('refresh'), /invalid_grant/)
      const [signIn, refresh, revoke] = expected[kind]
      t.match(sent, [
        { path: '/oauth/token', authorization: signIn, form: { grant_type: 'password' }, status: 200 },
        { path: '/oauth/token', authorization: refresh, form: { grant_type: 'refresh_token' }, status: 200 },
        { path: '/oauth/revoke', authorization: revoke, status: 200, body: {} },
        { path: '/oauth/token', authorization: refresh, status: 400 },
      ])
      t.equal(sent.length, 4, 'nothing is tried twice')
    })
}

/** A program that does what a line says, and answers what was wrong. */
export function doesLines(t: Test, program: string, words: readonly string[]): (line: string) => Promise<void> {
  const ask = startLines<{ readonly error?: string }>(t, program, words)
  return async line => {
    const { error } = await ask(line)
    if (error !== undefined) throw new Error(error)
  }
}
