/** What is taken away while a machine's token is being signed is not in the token, whichever change of its row goes with it. */
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { EXCHANGE } from '../support/asking-machines.ts'
import { addClient } from '../support/clients.ts'
import { createHold, during } from '../support/hold.ts'
import { badKey, machines, shop } from '../support/machines.ts'
import { type Answer, api, byTest, claimsOf, password, secret } from '../support/serve.ts'

const signing = createHold()
const holding = { isOn: true }
const signer: Faults['signer'] = ({ kid, sign }) => ({
  kid,
  sign: input => (holding.isOn ? signing.pass(() => sign(input)) : sign(input)),
})
const its = await machines(t, { faults: { signer } })
const { service, clock, json, make } = its

const meanwhile = (request: () => Promise<Answer>, act: () => Promise<unknown>) =>
  during(signing, request, async () => {
    holding.isOn = false
    await act()
    holding.isOn = true
  })

/** How the row stands when the request comes, and so what goes with its token. */
const states: Readonly<Record<string, (ask: () => Promise<Answer>) => Promise<unknown>>> = {
  'the first, which starts a row': async () => undefined,
  'one that writes nothing': ask => ask(),
  'one that extends the row': async ask => {
    await ask()
    clock.advance(1_200_000)
  },
}

interface Parties {
  readonly name: string
  readonly keyId: string
  readonly secretId: string
}

type Act = (parties: Parties) => Promise<unknown>
type Expected = string | { readonly scope: string; readonly aud?: string }

let made = 0
/** A user with two roles, a client that does all that machines do, and a key of one of them. */
async function parties(owner: 'user' | 'client') {
  made += 1
  const name = `n${made}`
  const scope = ['posts:read', 'posts:write']
  await service.roles.add({ name: `reads-${name}`, permissions: ['posts:read'] }, byTest)
  await service.roles.add({ name: `writes-${name}`, permissions: ['posts:write'] }, byTest)
  await service.users.add({ username: name, password, roles: [`reads-${name}`, `writes-${name}`] }, byTest)
  const grants = [EXCHANGE, 'client_credentials']
  const { secretId = '' } = await addClient(service, {
    clientId: `through-${name}`,
    grants,
    scope,
    audiences: [api, shop],
  })
  await addClient(service, { clientId: name, grants: [], scope })
  const { api_key, api_key_id: keyId } = await make({
    owner: [`--${owner}`, name],
    scope,
    more: ['--expires', '1h'],
  })
  const client = { client: [`through-${name}`, secret] } as const
  return {
    parties: { name, keyId, secretId },
    exchange: () => its.exchange(api_key, {}, client),
    ask: () => its.ask({}, `through-${name}`),
  }
}

/** The answer is this error, or a token with this and no more, which works. */
async function isAnswered(t: Test, { status, text, body }: Answer, expected: Expected) {
  if (typeof expected === 'string') {
    t.ok(status >= 400, `${status}`)
    t.equal(expected === badKey ? text : body.error, expected)
    return
  }
  t.equal(status, 200, text)
  const { scope, aud } = claimsOf(body.access_token)
  t.same({ scope, aud }, { aud: api, ...expected })
  if (aud === api) t.ok(await its.works(body.access_token), 'it works')
}

const through =
  (...words: readonly string[]): Act =>
  ({ name }) =>
    json(['clients', words[0] as string, `through-${name}`, ...words.slice(1)])

const ofClient: readonly (readonly [string, Act, Expected])[] = [
  ['the client is disabled', through('disable'), 'invalid_client'],
  ['the client is deleted', through('delete'), 'invalid_client'],
  ['the client is narrowed', through('update', '--scope', 'posts:read'), { scope: 'posts:read' }],
  [
    'the client loses an audience',
    through('update', '--audience', shop),
    { scope: 'posts:read posts:write', aud: shop },
  ],
  ['the client loses the grant', through('update', '--grant', 'password'), 'unauthorized_client'],
  [
    'the secret is removed',
    ({ name, secretId }) => json(['clients', 'remove-secret', `through-${name}`, secretId]),
    'invalid_client',
  ],
]

const ofKey: readonly (readonly [string, Act, Expected])[] = [
  ['the key is revoked', ({ keyId }) => json(['api-keys', 'revoke', keyId]), badKey],
  ['the key expires', async () => clock.advance(3_600_000), badKey],
]

const ofUser: readonly (readonly [string, Act, Expected])[] = [
  [
    'a role is revoked',
    ({ name }) => json(['roles', 'revoke', `writes-${name}`, '--user', name]),
    { scope: 'posts:read' },
  ],
  ['a role is deleted', ({ name }) => json(['roles', 'delete', `writes-${name}`]), { scope: 'posts:read' }],
  ['the user is disabled', ({ name }) => json(['users', 'disable', name]), badKey],
  ['the user is deleted', ({ name }) => json(['users', 'delete', name]), badKey],
  [
    'the password is set',
    ({ name }) => json(['users', 'set-password', name, '--password-stdin'], 'another battery staple 8'),
    badKey,
  ],
  ['all keys are revoked', ({ name }) => json(['api-keys', 'revoke', '--user', name]), badKey],
]

const ofOwner: readonly (readonly [string, Act, Expected])[] = [
  ['the owner is disabled', ({ name }) => json(['clients', 'disable', name]), badKey],
  ['the owner is deleted', ({ name }) => json(['clients', 'delete', name]), badKey],
  [
    'the owner is narrowed',
    ({ name }) => json(['clients', 'update', name, '--scope', 'posts:read']),
    { scope: 'posts:read' },
  ],
]

for (const [what, owner, request, cases] of [
  ["the exchange of a user's key", 'user', 'exchange', [...ofKey, ...ofUser, ...ofClient]],
  ["the exchange of a client's key", 'client', 'exchange', [...ofKey, ...ofOwner, ...ofClient]],
  ['a client that asks for itself', 'client', 'ask', ofClient],
] as const)
  for (const [state, prepare] of Object.entries(states))
    t.test(`${what}, ${state}, when meanwhile`, async t => {
      for (const [title, act, expected] of cases)
        await t.test(title, async t => {
          const { parties: who, ...requests } = await parties(owner)
          await prepare(requests[request])
          await isAnswered(t, await meanwhile(requests[request], () => act(who)), expected)
        })
    })
