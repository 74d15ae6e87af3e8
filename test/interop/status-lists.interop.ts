/**
 * Libraries of others read a status list of a real token service. JWT_STATUS_LIST, PYEUDIW and RUST_READER name what they are run
 * with; one that is not named is not run.
 */
import { spawnSync } from 'node:child_process'
import { type Test, test } from 'tap'
import { run } from '../support/packed-verifier.ts'
import { claimsOf, request, type ServeOptions, type Service } from '../support/serve.ts'
import { device, fetchList, revoke, withAlice } from '../support/status-list.ts'

const [VALID, INVALID] = [0, 1]

/** Whatever its issuer is. */
function reachable(service: Service): Service {
  const at = `http://127.0.0.1:${service.config.port}`
  return {
    ...service,
    get: (path, more) => request(at + path, more),
    token: (form, more) => request(`${at}/oauth/token`, { form: form ?? '', ...more }),
  }
}

/** Of two tokens, of which the second is revoked. */
async function setUp(t: Test, options?: ServeOptions) {
  const service = reachable(await withAlice(t, options))
  const [kept, lost] = [await device(service), await device(service)]
  await revoke(service, lost.refreshToken)
  return { service, tokens: [kept.access, lost.access], uri: kept.status.uri }
}

/** Skipped when the variable names nothing. */
function testWith(variable: string, name: string, read: (t: Test, program: string) => Promise<void>): void {
  const program = process.env[variable]
  const skip = program === undefined && `${variable} names nothing, so ${name} was not run`
  test(`${name} reads which tokens are revoked`, { skip }, async t => {
    if (program !== undefined) await read(t, program)
  })
}

testWith('JWT_STATUS_LIST', '@sd-jwt/jwt-status-list', async (t, module) => {
  const { getListFromStatusListJWT, getStatusListFromJWT } = await import(module)
  const { tokens } = await setUp(t)
  const read = async (token: string): Promise<number> => {
    const { idx, uri } = getStatusListFromJWT(token)
    return getListFromStatusListJWT((await fetchList(uri)).text).getStatus(idx)
  }
  t.same(await Promise.all(tokens.map(read)), [VALID, INVALID])
})

testWith('PYEUDIW', 'pyeudiw', async (t, python) => {
  const { tokens, uri } = await setUp(t)
  const statuses = tokens.map(token => JSON.stringify(claimsOf(token).status))
  const read = JSON.parse(await run('.', [python, 'test/interop/read_with_pyeudiw.py', ...statuses]))
  t.match(read, [
    { value: VALID, sub: uri },
    { value: INVALID, sub: uri },
  ])
})

/** What the Rust libraries make of a list and the JWK Set of an issuer with https, without which one of them knows none. */
async function readInRust(t: Test, reader: string) {
  const environment = { SIGNET_ISSUER: 'https://login.example.com' }
  const { service, tokens, uri } = await setUp(t, { environment })
  const [list, jwks] = await Promise.all([service.get(new URL(uri).pathname), service.get('/.well-known/jwks.json')])
  const statuses = tokens.map(token => claimsOf(token).status)
  const now = Math.floor(Date.now() / 1000)
  const input = { issuer: service.issuer, list: list.text, keys: jwks.body.keys, statuses, now }
  const answer = spawnSync(reader, { input: JSON.stringify(input), encoding: 'utf8' })
  t.equal(answer.stderr, '')
  return JSON.parse(answer.stdout)
}

testWith('RUST_READER', 'affinidi-status-list', async (t, reader) => {
  const read = await readInRust(t, reader)
  t.same(read['affinidi-status-list'], [VALID, INVALID])
})

testWith('RUST_READER', 'identity-kit', async (t, reader) => {
  const read = await readInRust(t, reader)
  t.match(read['identity-kit'], ['valid', /^Invalid\(/], 'it finds the key by `iss` of the list')
})
