/**
 * Kafka's clients get tokens by client_credentials, and its brokers verify them by the JWK Set. KAFKA_CLIENT names the program of
 * kafka-client/.
 */
import { type Test, test } from 'tap'
import { api } from '../support/serve.ts'
import { startLines } from './lines.ts'
import {
  assertMachineToken,
  basicOf,
  claimsAt,
  clientId,
  formEncoded,
  type Machine,
  metrics,
  secret,
  withMachine,
} from './machines.ts'

interface Answered {
  readonly done?: true
  /** What is shown, with its causes. */
  readonly error?: string
  /** By a broker. */
  readonly refused?: string
  readonly principal?: string
  readonly scope?: readonly string[]
}

type Properties = Readonly<Record<string, string>>

const loginModule = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required'

const jwksOf = ({ service }: Machine): string => `${service.issuer}/.well-known/jwks.json`

/** The properties of every kind of client; this one knows of no broker. */
const clientProperties = ({ tokenUrl }: Machine): Properties => ({
  'bootstrap.servers': '127.0.0.1:1',
  'security.protocol': 'SASL_PLAINTEXT',
  'sasl.mechanism': 'OAUTHBEARER',
  'sasl.login.callback.handler.class': 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler',
  'sasl.oauthbearer.token.endpoint.url': tokenUrl,
})

const credentials: Properties = {
  'sasl.jaas.config': `${loginModule};`,
  'sasl.oauthbearer.client.credentials.client.id': clientId,
  'sasl.oauthbearer.client.credentials.client.secret': secret,
  'sasl.oauthbearer.scope': 'metrics:read',
}

/** As before Kafka 4.1, and still the usual way. */
const credentialsInJaas: Properties = {
  'sasl.jaas.config': `${loginModule} clientId="${clientId}" clientSecret="${secret.replaceAll(/["\\]/g, '\\$&')}" scope="metrics:read";`,
}

/** A machine, and a process in which Kafka's code runs. */
async function withKafka(t: Test) {
  const machine = await withMachine(t)
  const urls = [machine.tokenUrl, jwksOf(machine)].join()
  const ask = startLines<Answered>(t, process.env['KAFKA_CLIENT'] ?? 'kafka-client', [urls])
  return {
    machine,
    login: (more: Properties = credentials) =>
      ask(JSON.stringify({ login: { ...clientProperties(machine), ...more } })),
    /** Shows the token that was given last to a broker. */
    validate(more: Properties = {}) {
      const broker = {
        'sasl.oauthbearer.jwks.endpoint.url': jwksOf(machine),
        'sasl.oauthbearer.expected.issuer': machine.service.issuer,
        'sasl.oauthbearer.expected.audience': api,
        ...more,
      }
      return ask(JSON.stringify({ validate: machine.sent.at(-1)?.body.access_token, with: broker }))
    },
  }
}

const asItStands = basicOf(clientId, secret)
const encoded = basicOf(clientId, formEncoded(secret))

const ways: readonly (readonly [name: string, Properties, authorization: string])[] = [
  ['with its credentials in properties', credentials, asItStands],
  ['with its credentials in JAAS', credentialsInJaas, asItStands],
  ['told to encode them', { ...credentials, 'sasl.oauthbearer.header.urlencode': 'true' }, encoded],
]
for (const [name, properties, authorization] of ways)
  test(`a client ${name} gets a token that a resource accepts`, async t => {
    const { machine, login } = await withKafka(t)
    t.same(await login(properties), { done: true })
    assertMachineToken(t, await claimsAt(await machine.resource(), machine), machine)
    const form = { grant_type: 'client_credentials', scope: 'metrics:read' }
    t.match(machine.sent, [{ authorization, form }])
    t.equal(machine.sent.length, 1)
  })

test('a client sends the space between two scopes as it stands, and a broker takes the two for one', async t => {
  const { machine, login, validate } = await withKafka(t)
  const both = 'metrics:read metrics:write'
  await login({ ...credentials, 'sasl.oauthbearer.scope': both })
  t.equal(machine.sent[0]?.sentBody, `grant_type=client_credentials&scope=${both}`)
  t.equal((await claimsAt(await machine.resource(), machine)).scope, both)
  t.same((await validate()).scope, [both])
})

test('a broker knows the client by its sub, or by its client_id if it is told to', async t => {
  const { machine, login, validate } = await withKafka(t)
  await login()
  t.match(await validate(), { principal: machine.subject, scope: ['metrics:read'] })
  t.match(await validate({ 'sasl.oauthbearer.sub.claim.name': 'client_id' }), { principal: clientId })
  t.match(await validate({ 'sasl.oauthbearer.expected.audience': metrics }), { refused: 'invalid_token' })
})

test('a client that is disabled is refused, asks once and shows why; it works again when it is enabled', async t => {
  const { machine, login } = await withKafka(t)
  t.same(await login(), { done: true })
  await machine.disable()
  t.match((await login()).error, /The response code 401 and error response \{"invalid_client" - "/)
  t.equal(machine.sent.length, 2)
  const wrong = { ...credentials, 'sasl.oauthbearer.client.credentials.client.secret': `${secret}%` }
  for (let tried = 0; tried < 20; tried += 1) t.match((await login(wrong)).error, /invalid_client/)
  await machine.enable()
  t.same(await login(), { done: true })
})
