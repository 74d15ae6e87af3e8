/** `clients add-key` and `remove-key`: which keys may be registered, and what a client got by one ends with it. */
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { addWorker, clientClaims, newKey, present, signed } from '../support/assertions.ts'
import { commandLine, isoTime, type Refused } from '../support/command-line.ts'
import { each } from '../support/hostile-tokens.ts'
import { byTest, serve, temporaryFolder } from '../support/serve.ts'
import { isRevoked, statusIn, until } from '../support/status-list.ts'

const service = await serve(t)
const { json, text } = await commandLine(t, service.environment)
const refuses = async (t: Test, cases: readonly Refused[]) => (await commandLine(t, service.environment)).refuses(cases)
await addWorker(service)

const adding = ['clients', 'add-key', 'worker', '--jwk', '-']
const published = (modulusLength: number, publicExponent = 65537) => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  return publicKey.export({ format: 'jwk' })
}

t.test('a key is added and shown, and what the client got by it ends when it is removed', async t => {
  const key = newKey('ES384', 'mine')
  const file = join(temporaryFolder(t), 'key.json')
  writeFileSync(file, JSON.stringify(key.jwk))
  const added = await json(['clients', 'add-key', 'worker', '--jwk', file])
  t.match(added.key_id, /^jwk_[0-9a-f]{32}$/)
  const [shown] = added.keys
  t.match(shown.created_at, isoTime)
  const { created_at } = shown
  t.strictSame(shown, { id: added.key_id, kid: 'mine', alg: 'ES384', jwks_uri: null, created_at, last_used_at: null })

  const assertion = () => signed(key, clientClaims(service, Date.now()))
  const { status, body } = await present(service, await assertion())
  t.equal(status, 200)
  const { access_token: access } = body
  await until(async () => (await json(['clients', 'show', 'worker'])).keys[0].last_used_at !== null)
  t.notOk(await isRevoked(statusIn(access)))
  t.strictSame((await json(['clients', 'remove-key', 'worker', added.key_id])).keys, [])
  t.equal((await present(service, await assertion())).status, 401)
  t.ok(await isRevoked(statusIn(access)))
  await refuses(t, [{ words: ['clients', 'remove-key', 'worker', added.key_id], code: 1, says: /no such key/ }])
})

t.test(
  'what is private, symmetric, weak, for something else or no key at all is refused, and not repeated',
  async t => {
    const { jwk, privateKey } = newKey('ES256')
    const rsa = published(2048)
    const privateOnes = [
      privateKey.export({ format: 'jwk' }),
      { ...jwk, d: '' },
      { ...rsa, p: 'x' },
      { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQ' },
      { kty: 'oct' },
    ]
    const says = (because: string) => new RegExp(`no public key that can be used\\. ${because}`)
    const others: readonly (readonly [RegExp, readonly unknown[]])[] = [
      [/private or symmetric key\. Give the public half alone/, privateOnes],
      [/This is a JWK Set\. Give one key, or a jwks_uri/, [{ keys: [jwk] }, { keys: [] }]],
      [says('It has fewer than 2048 bits'), [published(1024), published(2040)]],
      [says('It has more than 8192 bits'), [{ ...rsa, n: Buffer.alloc(1025, 0xff).toString('base64url') }]],
      [says('Its exponent is even, less than 65537'), [published(2048, 3), { ...rsa, e: 'AQAC' }]],
      [
        says('Its alg is none of RS256, PS256'),
        ['RS512', 'ES256', 'HS256', 'none', '', null].map(alg => ({ ...rsa, alg })),
      ],
      [says('Its alg is none of ES256'), ['ES384', 'RS256', 'HS256'].map(alg => ({ ...jwk, alg }))],
      [says('It is for another use than sig'), ['enc', 'jwt-svid', 'x509-svid', null].map(use => ({ ...jwk, use }))],
      [says('Its key_ops have no verify'), [['sign'], [], 'verify', null].map(key_ops => ({ ...jwk, key_ops }))],
      [
        says('It is of a type that is not accepted'),
        [{ ...jwk, crv: 'secp256k1' }, { ...jwk, kty: 'ec' }, { ...rsa, kty: 'RSA1' }, {}],
      ],
      [
        says('Its numbers are no key of its type'),
        [{ ...jwk, x: 'AA' }, { ...jwk, y: jwk.x }, { ...rsa, n: 7 }, { kty: 'RSA' }],
      ],
      [says('It is no JWK'), [[], 'x', 1, null, [jwk]]],
    ]
    await refuses(t, [
      ...others.flatMap(([reason, keys]) =>
        Object.values(
          each(keys, value => ({ words: adding, input: JSON.stringify(value), code: 1 as const, says: reason })),
        ),
      ),
      {
        words: adding,
        input: '-----BEGIN PUBLIC KEY-----',
        code: 1,
        says: /no JSON\. A key in PEM is written as a JWK/,
      },
      { words: adding, input: '', code: 1, says: /no JSON/ },
      { words: adding, input: `"${'x'.repeat(1024 * 1024)}"`, code: 1, says: /more than 1 MiB/ },
      { words: ['clients', 'add-key', 'worker', '--jwk', '/nowhere'], code: 1, says: /no such file/ },
    ])
    t.strictSame((await json(['clients', 'show', 'worker'])).keys, [])
  },
)

t.test('a client has a key once, whatever it is called, and at most 20', async t => {
  const key = newKey('ES256', 'one')
  await text(adding, JSON.stringify(key.jwk))
  const same = [
    { ...key.jwk, kid: 'two' },
    { ...key.jwk, alg: 'ES256', use: 'sig' },
    { ...key.jwk, more: 1 },
  ]
  await refuses(
    t,
    same.map(jwk => ({ words: adding, input: JSON.stringify(jwk), code: 1, says: /has this key already/ })),
  )
  for (let at = 1; at < 20; at += 1) {
    const source = { jwksUri: `https://client.example.com/${at}` }
    await service.clients.addKey('worker', source, byTest)
  }
  await refuses(t, [
    { words: adding, input: JSON.stringify(newKey().jwk), code: 1, says: /at most 20 keys/ },
    {
      words: ['clients', 'add-key', 'nobody', '--jwk', '-'],
      input: JSON.stringify(key.jwk),
      code: 1,
      says: /no such client/,
    },
  ])
})

t.test('keys are published under https, or where the operator allows it', async t => {
  await addWorker(service, 'publisher')
  const at = (uri: string) => ['clients', 'add-key', 'publisher', '--jwks-uri', uri]
  const { keys } = await json(at('https://client.example.com/jwks'))
  t.match(keys, [{ kid: null, alg: null, jwks_uri: 'https://client.example.com/jwks' }])
  const wrong = [
    'http://client.example.com/jwks',
    'ftp://client.example.com',
    'client.example.com',
    'https://user:x@client.example.com/',
  ]
  const inside = [
    'https://127.0.0.1/jwks',
    'https://10.0.0.1/',
    'https://169.254.169.254/',
    'https://[::1]/',
    'https://localhost/',
  ]
  await refuses(t, [
    ...wrong.map(uri => ({ words: at(uri), code: 1 as const, says: /It must (be|be an|hold no) / })),
    ...inside.map(uri => ({ words: at(uri), code: 1 as const, says: /Its address must be a public one/ })),
    { words: at('https://client.example.com/jwks'), code: 1, says: /has this key already/ },
    { words: at(''), code: 1, says: /must be an https URL/ },
    { words: ['clients', 'add-key', 'publisher'], code: 2, says: /Give --jwk or --jwks-uri/ },
    { words: [...at('https://client.example.com/2'), '--jwk', '-'], code: 2, says: /Give --jwk or --jwks-uri/ },
  ])
})

t.test('a public client has no key', async t => {
  await json(['clients', 'add', 'spa', '--public'])
  const words = ['clients', 'add-key', 'spa', '--jwk', '-']
  await refuses(t, [{ words, input: JSON.stringify(newKey().jwk), code: 1, says: /public client has no key/ }])
})
