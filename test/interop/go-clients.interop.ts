/**
 * golang.org/x/oauth2, Prometheus' HTTP client and the OAuth 2 extension of the OpenTelemetry collector get tokens by client_credentials
 * and use them at a resource. GO_CLIENTS names the program of go-clients/.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { temporaryFolder } from '../support/serve.ts'
import { type GoClient, startGoClient } from './go-clients.ts'
import {
  assertMachineToken,
  basicOf,
  claimsIn,
  clientId,
  formEncoded,
  type Machine,
  type MachineOptions,
  metrics,
  secret,
  withMachine,
} from './machines.ts'

/** The names of what a client is told, as its users write them. */
interface Settings {
  readonly tokenUrl: string
  readonly secretFile?: string
  /** A token that lives no longer than these seconds is not used again. */
  readonly early?: number
  readonly style?: keyof typeof styles
  readonly params?: Readonly<Record<string, string>>
}

/** oauth2.AuthStyle */
const styles = { inParams: 1, inHeader: 2 }

const asLists = (params: Settings['params'] = {}) =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, [value]]))

const configs: Readonly<Record<GoClient, (settings: Settings) => object>> = {
  'x-oauth2': ({ tokenUrl, early, style, params }) => ({
    ClientID: clientId,
    ClientSecret: secret,
    TokenURL: tokenUrl,
    Scopes: ['metrics:read'],
    EndpointParams: asLists(params),
    AuthStyle: style && styles[style],
    EarlyExpirySeconds: early,
  }),
  prometheus: ({ tokenUrl, secretFile, params }) => ({
    oauth2: {
      client_id: clientId,
      ...(secretFile === undefined ? { client_secret: secret } : { client_secret_file: secretFile }),
      token_url: tokenUrl,
      scopes: ['metrics:read'],
      endpoint_params: params,
    },
  }),
  otel: ({ tokenUrl, secretFile, params }) => ({
    client_id: clientId,
    ...(secretFile === undefined ? { client_secret: secret } : { client_secret_file: secretFile }),
    token_url: tokenUrl,
    scopes: ['metrics:read'],
    endpoint_params: asLists(params),
  }),
}

const all = Object.keys(configs) as readonly GoClient[]
const inHeader = basicOf(clientId, formEncoded(secret))

const start = (t: Test, name: GoClient, { tokenUrl }: Machine, url: string, more: Partial<Settings> = {}) =>
  startGoClient(t, name, configs[name]({ tokenUrl, ...more }), url)

for (const name of all) {
  test(`${name} gets a token that a resource accepts, and uses it as long as it lives`, async t => {
    const machine = await withMachine(t)
    const get = start(t, name, machine, await machine.resource())
    const claims = claimsIn(await get())
    assertMachineToken(t, claims, machine)
    t.same(claimsIn(await get()), claims)
    t.match(
      machine.sent,
      [{ authorization: inHeader, form: { grant_type: 'client_credentials', scope: 'metrics:read' }, status: 200 }],
      'one request, Basic form-urlencoded',
    )
    t.equal(machine.sent.length, 1)
  })

  test(`${name} names the resource in a parameter of its own`, async t => {
    const machine = await withMachine(t)
    const get = start(t, name, machine, await machine.resource(metrics), { params: { resource: metrics } })
    t.equal(claimsIn(await get()).aud, metrics)
    t.equal(machine.sent[0]?.form['resource'], metrics)
  })

  test(`${name} shows why it got no token for a client that is disabled, and works again with it`, async t => {
    const machine = await withMachine(t)
    await machine.disable()
    const get = start(t, name, machine, await machine.resource())
    t.match((await get()).error, /oauth2: "invalid_client" "/)
    const probes = [{ authorization: inHeader }, { authorization: undefined, form: { client_secret: secret } }]
    t.match(machine.sent, probes, 'it tries the other way to send the secret, whatever the error')

    for (let tried = 0; tried < 20; tried += 1) await get()
    await machine.enable()
    assertMachineToken(t, claimsIn(await get()), machine)
  })
}

test('x-oauth2 sends the secret as it is told to', async t => {
  const machine = await withMachine(t)
  const url = await machine.resource()
  claimsIn(await start(t, 'x-oauth2', machine, url, { style: 'inHeader' })())
  claimsIn(await start(t, 'x-oauth2', machine, url, { style: 'inParams' })())
  t.match(machine.sent, [
    { authorization: inHeader, form: { client_secret: undefined } },
    { authorization: undefined, form: { client_id: clientId, client_secret: secret } },
  ])
})

/** Whatever it is told, it holds every token of this service for too old. */
const always = 12 * 3600

const refreshing: readonly (readonly [GoClient, string, MachineOptions, Partial<Settings>])[] = [
  ['x-oauth2', 'it was told to refresh early', {}, { early: always }],
  ['otel', 'its own default is to refresh five minutes early', { accessTokenTtlSeconds: 5 * 60 }, {}],
]
for (const [name, why, options, settings] of refreshing)
  test(`${name} refreshes: ${why}; a client that is disabled meanwhile gets nothing more`, async t => {
    const machine = await withMachine(t, options)
    const get = start(t, name, machine, await machine.resource(), settings)
    assertMachineToken(t, claimsIn(await get()), machine)
    assertMachineToken(t, claimsIn(await get()), machine)
    t.match(machine.sent, [{ status: 200 }, { status: 200 }])
    await machine.disable()
    t.match((await get()).error, /invalid_client/)
  })

const another = `another ${secret}`

test('prometheus reads a new secret from its file, and gets a token with that at once', async t => {
  const machine = await withMachine(t)
  const secretFile = join(temporaryFolder(t), 'secret')
  writeFileSync(secretFile, secret)
  const get = start(t, 'prometheus', machine, await machine.resource(), { secretFile })
  claimsIn(await get())
  await machine.addSecret(another)
  writeFileSync(secretFile, another)
  assertMachineToken(t, claimsIn(await get()), machine)
  t.equal(machine.sent[1]?.authorization, basicOf(clientId, formEncoded(another)))

  await machine.disable()
  writeFileSync(secretFile, secret)
  t.match((await get()).error, /invalid_client/, 'and nothing more when the client is disabled')
})

for (const name of ['prometheus', 'otel'] as const)
  test(`${name} with a wrong secret in its file is refused however often, and not locked out when it is mended`, async t => {
    const machine = await withMachine(t)
    const secretFile = join(temporaryFolder(t), 'secret')
    writeFileSync(secretFile, another)
    const get = start(t, name, machine, await machine.resource(), { secretFile })
    for (let tried = 0; tried < 50; tried += 1) t.match((await get()).error, /invalid_client/)
    writeFileSync(secretFile, secret)
    assertMachineToken(t, claimsIn(await get()), machine)
  })
