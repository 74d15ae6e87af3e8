import { createVerifier, type VerifierOptions } from '@signet/verifier'
import { type SignetExpressOptions, signetExpress } from '@signet/verifier/express'
import { type SignetFastifyOptions, signetFastify } from '@signet/verifier/fastify'
import { type SignetWebOptions, signetWeb } from '@signet/verifier/web'
import { fastify } from 'fastify'
import t from 'tap'
import { each, testBench } from '../support/hostile-tokens.ts'
import { startIssuer } from '../support/issuer.ts'
import { api } from '../support/serve.ts'
import { testEnvironment } from '../support/verifier-environment.ts'

const issuer = 'https://issuer.example'
const good: VerifierOptions = { issuer, audience: api }

t.test('an option that makes no sense is a TypeError at once, which names the option', async t => {
  const mistakes: Readonly<Record<string, readonly unknown[]>> = {
    issuer: [
      undefined,
      null,
      '',
      1,
      true,
      {},
      [issuer],
      new URL(issuer),
      'issuer.example',
      '//issuer.example',
      '/path',
      'http://issuer.example',
      'http://127.0.0.1.issuer.example',
      'http://localhost.issuer.example',
      'http://10.0.0.1',
      'http://[::2]',
      'http://0.0.0.0',
      'ftp://issuer.example',
      'file:///issuer',
      'javascript:0',
      'https://',
      `${issuer}?`,
      `${issuer}?a=b`,
      `${issuer}#`,
      `${issuer}#a`,
      'https://user@issuer.example',
      'https://user:secret@issuer.example',
      'https://:secret@issuer.example',
      'https://Issuer.example',
      'HTTPS://issuer.example',
      'https://issuer.example:443',
      'https://issuer.example/a/../b',
      ' https://issuer.example',
    ],
    audience: [undefined, null, '', 1, true, {}, [], [''], [null], [undefined], [1], [api, ''], [api, 1], [[api]]],
    algorithms: [
      null,
      [],
      '',
      'RS256',
      {},
      1,
      ['none'],
      ['HS256'],
      ['RS512'],
      ['PS256'],
      ['Ed25519'],
      ['rs256'],
      ['RS256', 'none'],
      ['RS256', undefined],
      ['__proto__'],
      ['constructor'],
      ['toString'],
      [['RS256']],
    ],
    clockTolerance: [null, 300, 30_000, -1, Number.NaN, Number.POSITIVE_INFINITY, '30', '', true, [], {}],
    pollInterval: [null, 0, 0.09, 3601, -1, Number.NaN, Number.POSITIVE_INFINITY, '10', '', true, [], {}],
    mode: [null, '', 'Strict', 'LENIENT', 'off', true, 1, ['strict']],
    maxStaleness: [null, -1, 0, 4, 4.999, Number.NaN, Number.POSITIVE_INFINITY, '60', true, []],
    cacheSize: [null, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '100', true, [], {}],
    onEvent: [null, '', 'log', true, {}, []],
  }
  for (const [option, values] of Object.entries(mistakes))
    for (const [title, value] of Object.entries(each(values, same => same))) {
      const environment = testEnvironment()
      t.throws(
        () => createVerifier({ ...good, [option]: value }, environment),
        { name: 'TypeError', message: new RegExp(option) },
        `${option}: ${title}`,
      )
      t.equal(environment.sent(), 0, 'and nothing was fetched')
    }
  t.throws(() => createVerifier(undefined as unknown as VerifierOptions), TypeError)
})

t.test(
  'an option that is misspelt, or is none, is refused by its name, with the one that may have been meant',
  async t => {
    const misspelt: Readonly<Record<string, string>> = {
      poll_interval: 'pollInterval',
      pollIntervall: 'pollInterval',
      maxstaleness: 'maxStaleness',
      audiance: 'audience',
      algorithm: 'algorithms',
      onEvents: 'onEvent',
      insecure_discovery: 'insecureDiscovery',
    }
    for (const [name, meant] of Object.entries(misspelt)) {
      const environment = testEnvironment()
      const message = `"${name}" is no option of a verifier. Did you mean ${meant}?`
      t.throws(() => createVerifier({ ...good, [name]: 1 }, environment), { name: 'TypeError', message })
      t.equal(environment.sent(), 0)
    }
    for (const name of ['secret', 'jwksUri', '', 'toString', 'constructor', 'a\nb'])
      t.throws(() => createVerifier({ ...good, [name]: 1 }, testEnvironment()), {
        name: 'TypeError',
        message: `${JSON.stringify(name)} is no option of a verifier.`,
      })
    createVerifier({ ...good, secret: undefined } as VerifierOptions, testEnvironment()).close()
  },
)

t.test('so are those of guards, of routes, of verify, of API keys and of resource metadata', async t => {
  const verifier = createVerifier(good, { ...testEnvironment(), fetch: async () => Response.error() })
  t.teardown(() => verifier.close())
  const guards: Readonly<Record<string, object>> = {
    '"formaterror" is no option of a guard. Did you mean formatError?': { ...good, formaterror: () => '' },
    '"audiences" is no option of a guard. Did you mean audience?': { ...good, audiences: api },
    '"mode" is no option of a guard that is given its verifier.': { verifier, mode: 'strict' },
    '"clientid" is no option of apiKeys. Did you mean clientId?': { verifier, apiKeys: { clientid: 'a' } },
    '"scope" is no option of resourceMetadata. Did you mean scopes?': { verifier, resourceMetadata: { scope: [] } },
  }
  for (const [message, options] of Object.entries(guards)) {
    t.throws(() => signetExpress(options as SignetExpressOptions), { name: 'TypeError', message })
    t.throws(() => signetWeb(options as SignetWebOptions), { name: 'TypeError', message })
    await t.rejects(Promise.resolve(fastify().register(signetFastify, options as SignetFastifyOptions)), { message })
  }
  const misspelt = { mod: 'strict' } as object
  const message = '"mod" is no option of a route. Did you mean mode?'
  t.throws(() => signetExpress({ verifier }).requireToken(misspelt), { name: 'TypeError', message })
  await t.rejects(verifier.verify('x', misspelt), { name: 'TypeError', message: /"mod" is no option of verify/ })
})

t.test(
  'surroundings that are not given are the system’s, and what is no function is refused before anything begins',
  async t => {
    const rejections: unknown[] = []
    const note = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', note)
    t.teardown(() => process.off('unhandledRejection', note))
    const asked: string[] = []
    const issuer = await startIssuer(t)
    const verifier = createVerifier(
      { issuer: issuer.issuer, audience: api },
      {
        fetch: async (input, init) => {
          asked.push(String(input))
          return fetch(input, init)
        },
      },
    )
    t.teardown(() => verifier.close())
    await verifier.ready()
    t.match(await verifier.verify(issuer.token()), { sub: 'user_1' })
    t.ok(asked.includes(`${issuer.issuer}/jwks.json`))

    let called = 0
    const count = () => {
      called += 1
      return () => undefined
    }
    for (const name of ['now', 'elapsed', 'random', 'schedule', 'fetch'])
      for (const value of [null, 1, 'fetch', {}]) {
        const surroundings = { ...testEnvironment(), schedule: count, [name]: value } as object
        t.throws(() => createVerifier(good, surroundings), { name: 'TypeError', message: new RegExp(name) })
      }
    for (const surroundings of [null, 1, 'fetch'])
      t.throws(() => createVerifier(good, surroundings as unknown as object), { name: 'TypeError' })
    // Node looks for rejections that nobody handles after each turn.
    await new Promise(resolve => setImmediate(resolve))
    t.strictSame([called, rejections], [0, []])
  },
)

t.test('what makes sense is taken', async t => {
  const values: Readonly<Record<string, readonly unknown[]>> = {
    issuer: [
      `${issuer}/`,
      `${issuer}/tenant`,
      `${issuer}:8443`,
      'http://localhost',
      'http://127.0.0.1:3000',
      'http://127.8.9.10',
      'http://[::1]:3000/tenant',
    ],
    audience: ['x', [api], [api, 'other']],
    algorithms: [undefined, ['RS256'], ['ES256'], ['EdDSA', 'ES256', 'RS256']],
    clockTolerance: [undefined, 0, 0.5, 299],
    pollInterval: [undefined, 0.1, 1, 60],
    mode: [undefined, 'strict', 'lenient'],
    maxStaleness: [undefined, 5, 3600],
    cacheSize: [undefined, 0, 1, 1_000_000],
    onEvent: [undefined, () => undefined],
  }
  for (const [option, some] of Object.entries(values))
    for (const value of some) {
      const environment = testEnvironment()
      environment.cut()
      const { close } = createVerifier({ ...good, [option]: value }, environment)
      close()
    }
  t.pass()
})

t.test('what is done to the options afterwards changes nothing', async t => {
  const audience = [api]
  const algorithms = ['RS256' as const]
  const { issuer, refuses } = await testBench(t, { audience, algorithms })
  audience.push('other')
  algorithms.push('none' as 'RS256')

  await refuses('wrong_audience', { 'an audience that was added': issuer.token({ aud: 'other' }) })
  await refuses('unsupported', { 'an algorithm that was added': issuer.token({}, { alg: 'none' }) })
})
