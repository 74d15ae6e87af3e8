/** Clients without a secret, which an operator lets in by their workload's own token. */
import type { Test } from 'tap'
import type { Clock } from '../../src/clock.ts'
import { present } from '../support/assertions.ts'
import { commandLine } from '../support/command-line.ts'
import { api, claimsOf, serve } from '../support/serve.ts'

/** Of each claim the value that it must have. */
export type Conditions = Readonly<Record<string, string>>

const spoilt = (value: string): readonly string[] => [value.slice(0, -1), `${value.slice(0, -1)}~`, `${value}~`]

/** These conditions, each time with one character of one value less, exchanged, or more; and the name of that one. */
export const differingByOne = (conditions: Conditions): readonly (readonly [name: string, Conditions])[] =>
  Object.entries(conditions).flatMap(([name, value]) =>
    spoilt(value).map(other => [name, { ...conditions, [name]: other }] as const),
  )

/** Starts a service, with an operator at its command line. */
export async function withWorkers(t: Test, clock?: Clock) {
  const environment = { SIGNET_ALLOW_NETWORKS: '127.0.0.0/8' }
  const service = await serve(t, { environment, ...(clock && { clock }) })
  const { text, json } = await commandLine(t, service.environment, clock)

  return {
    service,
    signet: text,
    /** Adds a client that has nothing but a trust. */
    async add(id: string, issuer: string, conditions: Conditions): Promise<void> {
      const may = ['--grant', 'client_credentials', '--scope', 'posts:read', '--audience', api]
      await text(['clients', 'add', id, ...may, '--no-secret'])
      const claims = Object.entries(conditions).flatMap(([name, value]) => ['--claim', `${name}=${value}`])
      await text(['clients', 'add-trust', id, '--issuer', issuer, ...claims])
    },
    /** The workload's token gets one of the client. */
    async assertGiven(id: string, token: string, more: Readonly<Record<string, string>> = { client_id: id }) {
      const { status, body } = await present(service, token, more)
      t.equal(status, 200, id)
      const claims = claimsOf(body.access_token)
      t.match(claims, { client_id: id, aud: api, scope: 'posts:read' })
      t.ok(claims.exp <= claimsOf(token).exp, 'it does not outlive the assertion')
    },
    /** The answer is always the same. @param why what the audit says of it */
    async assertRefused(id: string, token: string, why: object) {
      const { status, body } = await present(service, token, { client_id: id })
      t.match([status, body.error], [401, 'invalid_client'])
      const events = await json(['audit', 'list', '--client', id, '--type', 'client.authenticate'])
      t.match(events, [why], id)
    },
  }
}
