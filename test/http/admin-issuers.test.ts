import t from 'tap'
import { administered, needsPermission, pagesOf, saysOfFields } from '../support/administered.ts'
import { addIssuer, addKey, addTrust, newKey } from '../support/assertions.ts'
import { isError } from '../support/error-shape.ts'
import { byTest } from '../support/serve.ts'

// Each has a service of its own.
t.jobs = 2

const path = '/admin/issuers'

t.test('/admin/issuers shows what the command line shows, and changes nothing', async t => {
  const [key, fetched] = [newKey(), newKey('RS256')]
  let isDown = false
  const fetch = () => async () => {
    if (isDown) throw new Error('It does not answer.')
    return new TextEncoder().encode(JSON.stringify({ keys: [fetched.jwk, { ...key.jwk, use: 'enc' }] }))
  }
  const its = await administered(t, { faults: { fetch } })
  const { ask, json, service } = its
  let { admin } = its
  t.strictSame((await ask(admin, 'GET', path)).body, { issuers: [] })
  await addIssuer(service, key, {}, 'b')
  const uri = 'https://issuer.example.com/keys'
  await addIssuer(service, key, { keySource: { kind: 'jwks_uri', uri }, audience: 'us', isShared: true }, 'B')
  await addIssuer(service, key, { maxLifetimeSeconds: 90_000 }, 'a-1')
  const listed = await json(['issuers', 'list'])
  const { status, headers, body } = await ask(admin, 'GET', path)
  t.same([status, headers.get('cache-control')], [200, 'no-store'])
  t.strictSame(body, { issuers: listed })
  t.same(await pagesOf(its, path, 'issuers', 2), [listed.slice(0, 2), listed.slice(2)])

  const shown = async (name: string) => {
    const answer = await ask(admin, 'GET', `${path}/${name}`)
    t.strictSame(answer.body, await json(['issuers', 'show', name]), name)
    const headers = { 'if-none-match': answer.headers.get('etag') ?? '' }
    t.equal((await ask(admin, 'GET', `${path}/${name}`, { headers })).status, 304)
    return answer.body
  }
  t.match(await shown('b'), { keys: [{ kid: key.kid, alg: 'ES256' }], keys_fetched_at: null })
  t.match(await shown('B'), { keys: [], keys_fetched_at: null, keys_failure: null }, 'looking fetches nothing')
  const inspection = await service.container.issuerInspection()
  await inspection.fetchKeys(await service.issuers.find('B'))
  t.match(await shown('B'), {
    ...{ issuer: 'https://issuer.example.com', jwks_uri: uri, audience: 'us', shared: true, keys_failure: null },
    ...{ keys: [{ kid: fetched.kid, alg: 'RS256' }], keys_fetched_at: new Date(its.clock.now()).toISOString() },
    keys_left_out: [{ kid: key.kid, problem: 'It is for another use than sig.' }],
  })
  isDown = true
  its.clock.advance(600_001)
  admin = await its.signIn('admin')
  await inspection.fetchKeys(await service.issuers.find('B'))
  t.match(await shown('B'), {
    keys: [{ kid: fetched.kid }],
    keys_failure: { at: new Date(its.clock.now()).toISOString(), problem: 'It does not answer.' },
  })

  isError(t, await ask(admin, 'GET', `${path}/none`), [404, 'not_found'])
  for (const query of ['cursor=%00', 'limit=0', 'limit=1&limit=2'])
    isError(t, await ask(admin, 'GET', `${path}?${query}`), [400, 'invalid_request'])
  for (const method of ['POST', 'PATCH', 'PUT', 'DELETE'])
    isError(t, await ask(admin, method, `${path}/b`), [405, 'method_not_allowed'])
  await needsPermission(t, its, 'signet:issuers:read', [
    ['GET', path],
    ['GET', `${path}/b`],
  ])
})

t.test('/admin/clients shows keys and trusts, and sets neither', async t => {
  const its = await administered(t)
  const { ask, admin, json, service } = its
  const key = newKey()
  await addIssuer(service, key)
  await addKey(service, key, 'web-app')
  // They are shown in the order of their age.
  its.clock.advance(1)
  await service.clients.addKey('web-app', { jwksUri: 'https://app.example.com/keys' }, byTest)
  await addTrust(service, 'web-app')
  const client = await ask(admin, 'GET', '/admin/clients/web-app')
  t.strictSame(client.body, await json(['clients', 'show', 'web-app']))
  const { keys, trusts } = client.body
  t.match(keys, [
    { kid: key.kid, alg: 'ES256', jwks_uri: null, last_used_at: null },
    { kid: null, alg: null, jwks_uri: 'https://app.example.com/keys' },
  ])
  t.match(trusts, [{ issuer: 'builds', claims: { repository_id: '4711' }, last_used_at: null }])
  t.notOk(client.text.includes(String(key.jwk['x'])), 'of a key what it is called, and no more')

  const headers = { 'if-match': '*' }
  for (const member of ['keys', 'trusts'])
    for (const [method, path, more] of [
      ['PATCH', '/admin/clients/web-app', { status: 'active' }],
      ['POST', '/admin/clients', { client_id: 'new' }],
    ] as const)
      for (const value of [[], null, client.body[member]]) {
        const answer = await ask(admin, method, path, { body: { ...more, [member]: value }, headers })
        saysOfFields(t, answer, { [member]: /There is no such member/ })
      }
  isError(t, await ask(admin, 'PUT', '/admin/clients/web-app', { body: client.body }), [405, 'method_not_allowed'])
  t.strictSame(await json(['clients', 'show', 'web-app']), client.body, 'nothing was changed')
})
