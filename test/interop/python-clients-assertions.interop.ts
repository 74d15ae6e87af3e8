/**
 * Authlib and MSAL for Python sign with a key of the client's own, and bring the token of its workload. PYTHON_CLIENTS names a Python
 * that has both.
 */
import { type Test, test } from 'tap'
import {
  type Asserting,
  type AssertionOptions,
  assertRefused,
  lastAssertion,
  testOwnKey,
  testWorkload,
  withAssertions,
} from './assertions.ts'
import { clientId } from './machines.ts'
import { doesLines } from './sign-ins.ts'

type PythonClient = 'authlib' | 'msal'
type Way = 'key' | 'key named' | 'key with claims' | 'default' | 'workload' | 'discovery'

const start = (name: PythonClient, way: Way) => (t: Test, machine: Asserting) => {
  const { issuer, tokenUrl, own, tokenFile, authorityFile = '' } = machine
  const files = { key_file: own.pemFile, token_file: tokenFile }
  const settings = JSON.stringify({ id: clientId, issuer, token_url: tokenUrl, ...files })
  const environment = ['NO_PROXY=127.0.0.1,localhost', `REQUESTS_CA_BUNDLE=${authorityFile}`]
  const python = [process.env['PYTHON_CLIENTS'] ?? 'python3', 'test/interop/python_assertions.py']
  const ask = doesLines(t, 'env', [...environment, ...python, name, way, settings])
  return (scope = 'metrics:read') => ask(scope)
}

testOwnKey('Authlib', start('authlib', 'key'), { form: { client_id: undefined } })
testWorkload('Authlib', start('authlib', 'workload'), { form: { client_id: clientId } })

test('Authlib writes the token endpoint for the audience, as long as nobody tells it the issuer, and is refused', async t => {
  const machine = await withAssertions(t)
  await assertRefused(t, machine, start('authlib', 'default')(t, machine), 'wrong_audience')
  const { header, claims } = lastAssertion(machine)
  t.same(header, { alg: 'RS256', typ: 'JWT' })
  t.match(claims, { iss: clientId, sub: clientId, aud: machine.tokenUrl, exp: claims.iat + 3600, jti: String })
})

test('Authlib names its key if told', async t => {
  const machine = await withAssertions(t)
  await start('authlib', 'key named')(t, machine)()
  t.match(lastAssertion(machine), { header: { kid: 'one' }, claims: { aud: machine.issuer } })
})

// It writes the first into the dictionary that it was given, and then finds it there.
test('Authlib with claims of the caller has one jti for all assertions, so that the second is refused', async t => {
  const machine = await withAssertions(t)
  const ask = start('authlib', 'key with claims')(t, machine)
  await ask()
  const { jti } = lastAssertion(machine).claims
  await assertRefused(t, machine, ask, 'assertion_used_before')
  t.equal(lastAssertion(machine).claims.jti, jti)
})

/** What lives five minutes or less, MSAL does not use again. */
const unused = { https: true, accessTokenTtlSeconds: 60 } as const satisfies AssertionOptions

testOwnKey('MSAL for Python', start('msal', 'key'), { form: { client_id: clientId } }, unused)
testWorkload('MSAL for Python', start('msal', 'workload'), { form: { client_id: clientId } }, unused)

test('MSAL for Python writes the token endpoint for the audience, as long as nobody tells it the issuer, and is refused', async t => {
  const machine = await withAssertions(t, unused)
  await assertRefused(t, machine, start('msal', 'default')(t, machine), 'wrong_audience')
  const { header, claims } = lastAssertion(machine)
  t.match(header, { alg: 'RS256', typ: 'JWT', kid: undefined })
  t.match(claims, { iss: clientId, sub: clientId, aud: machine.tokenUrl, jti: String })
  t.ok(Math.abs(claims.exp - claims.iat - 600) < 0.001)
})

test('MSAL for Python sends the assertion that it makes again for nine minutes, so that the second is refused', async t => {
  const machine = await withAssertions(t, unused)
  const ask = start('msal', 'key with claims')(t, machine)
  await ask()
  const { jti, iat } = lastAssertion(machine).claims
  t.notOk(Number.isInteger(iat), 'a fraction is valid')
  await assertRefused(t, machine, () => ask('metrics:write'), 'assertion_used_before')
  t.equal(lastAssertion(machine).claims.jti, jti)
})

test('MSAL for Python takes no metadata without an authorization endpoint', async t => {
  const machine = await withAssertions(t, unused)
  await t.rejects(start('msal', 'discovery')(t, machine)(), /KeyError: 'authorization_endpoint'/)
  t.same(machine.sent, [])
})
