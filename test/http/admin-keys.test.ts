import t from 'tap'
import { administered, needsPermission, pagesOf } from '../support/administered.ts'
import { isError } from '../support/error-shape.ts'

t.test('/admin/keys shows what the command line shows, and changes nothing', async t => {
  const its = await administered(t)
  const { ask, admin, json } = its
  const listed = await json(['keys', 'list'])
  t.equal(listed.length, 2)
  const { status, headers, body } = await ask(admin, 'GET', '/admin/keys')
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.strictSame(body, { keys: listed })
  t.same(await pagesOf(its, '/admin/keys', 'keys', 1), [[listed[0]], [listed[1]]])

  for (const key of listed) {
    const answer = await ask(admin, 'GET', `/admin/keys/${key.kid}`)
    t.strictSame(answer.body, key)
    const headers = { 'if-none-match': answer.headers.get('etag') ?? '' }
    t.equal((await ask(admin, 'GET', `/admin/keys/${key.kid}`, { headers })).status, 304)
  }
  isError(t, await ask(admin, 'GET', '/admin/keys/none'), [404, 'not_found'])
  for (const query of ['cursor=eA', 'cursor=%00', 'limit=0', 'limit=1&limit=2'])
    isError(t, await ask(admin, 'GET', `/admin/keys?${query}`), [400, 'invalid_request'])
  for (const method of ['POST', 'PATCH', 'DELETE'])
    isError(t, await ask(admin, method, `/admin/keys/${listed[0].kid}`), [405, 'method_not_allowed'])

  await json(['keys', 'rotate'])
  const now = await json(['keys', 'list'])
  t.notSame(now, listed)
  t.strictSame((await ask(admin, 'GET', '/admin/keys')).body.keys, now, 'when the standby signs is said')
  await needsPermission(t, its, 'signet:keys:read', [
    ['GET', '/admin/keys'],
    ['GET', `/admin/keys/${listed[0].kid}`],
  ])
})
