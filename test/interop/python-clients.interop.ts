/**
 * requests-oauthlib and Authlib get tokens by client_credentials and use them at a resource. PYTHON_CLIENTS names a Python that has
 * both.
 */
import { type Test, test } from 'tap'
import { startLines } from './lines.ts'
import {
  assertMachineToken,
  basicOf,
  claimsIn,
  clientId,
  type Got,
  type Machine,
  secret,
  withMachine,
} from './machines.ts'

type PythonClient = 'requests-oauthlib' | 'authlib'

function start(t: Test, name: PythonClient, { tokenUrl }: Machine, url: string, scope = 'metrics:read') {
  const python = process.env['PYTHON_CLIENTS'] ?? 'python3'
  const config = JSON.stringify({ id: clientId, secret, scope, token_url: tokenUrl })
  // oauthlib asks for https otherwise.
  const words = ['OAUTHLIB_INSECURE_TRANSPORT=1', 'NO_PROXY=127.0.0.1', python, 'test/interop/python_clients.py']
  return startLines<Got>(t, 'env', [...words, name, config, url])
}

for (const name of ['requests-oauthlib', 'authlib'] as const) {
  test(`${name} gets a token that a resource accepts, and uses it as long as it lives`, async t => {
    const machine = await withMachine(t)
    const get = start(t, name, machine, await machine.resource())
    const claims = claimsIn(await get())
    assertMachineToken(t, claims, machine)
    t.same(claimsIn(await get()), claims)
    const form = { grant_type: 'client_credentials', scope: 'metrics:read' }
    t.match(machine.sent, [{ authorization: basicOf(clientId, secret), form }], 'Basic, and not encoded')
    t.equal(machine.sent.length, 1)
  })

  test(`${name} shows why it got no token for a client that is disabled, and works again with it`, async t => {
    const machine = await withMachine(t)
    await machine.disable()
    const get = start(t, name, machine, await machine.resource())
    for (let tried = 0; tried < 20; tried += 1) t.match((await get()).error, /invalid_client/)
    t.equal(machine.sent.length, 20)
    await machine.enable()
    assertMachineToken(t, claimsIn(await get()), machine)
  })
}

test('authlib refreshes what lives a minute or less at each request; a client that is disabled meanwhile gets nothing more', async t => {
  const machine = await withMachine(t, { accessTokenTtlSeconds: 60 })
  const get = start(t, 'authlib', machine, await machine.resource())
  assertMachineToken(t, claimsIn(await get()), machine)
  await machine.disable()
  t.match((await get()).error, /invalid_client/)
})

test('requests-oauthlib takes it for an error when it is given less than it asked for, authlib does not', async t => {
  const machine = await withMachine(t)
  const url = await machine.resource()
  const more = 'metrics:read metrics:delete'
  t.match((await start(t, 'requests-oauthlib', machine, url, more)()).error, /^Warning: Scope has changed from/)
  t.match(machine.sent, [{ status: 200, body: { scope: 'metrics:read' } }])
  assertMachineToken(t, claimsIn(await start(t, 'authlib', machine, url, more)()), machine)
})
