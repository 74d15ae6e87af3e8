import { createVerifier, type VerifierOptions } from '@signet/verifier'
import t from 'tap'
import { each, testBench } from '../support/hostile-tokens.ts'
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
