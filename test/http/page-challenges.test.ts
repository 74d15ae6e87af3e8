/** What a page learns of a client that did not prove who it is (RFC 6749 §5.2). */
import { test } from 'tap'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { type Answer, addAlice, password, secret, serve } from '../support/serve.ts'

const page = 'https://shop.example.com'
const good = { grant_type: 'password', username: 'alice', password }

test('invalid_client is 401 with a challenge only where Basic was used or no page asks: a browser may ask its visitor for a password', async t => {
  const service = await serve(t)
  await addAlice(service)
  await addClient(service, { clientId: 'shop', origins: [page] })
  const basicOf = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` })
  const byHeader: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'a wrong secret': basicOf(`shop:${secret}x`),
    'an empty secret': basicOf('shop:'),
    'no colon': basicOf('shop'),
    'nothing behind the scheme': { authorization: 'Basic' },
  }
  const otherwise: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'no header': {},
    'an old access token': { authorization: 'Bearer old' },
    'a proof': { authorization: 'DPoP abc' },
    'an empty header': { authorization: '' },
  }
  const isChallenged = (answer: Answer, what: string) => {
    isError(t, answer, [401, 'invalid_client'])
    t.equal(answer.headers.get('www-authenticate'), 'Basic realm="signet", charset="UTF-8"', what)
  }
  for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/introspect']) {
    const asks = (headers: Readonly<Record<string, string>>, form: Readonly<Record<string, string>>) =>
      service.get(path, { form: { ...good, token: 'x', ...form }, headers })
    // The service's own pages may use every client.
    for (const origin of [page, service.issuer]) {
      for (const [what, headers] of Object.entries(byHeader)) isChallenged(await asks({ origin, ...headers }, {}), what)
      for (const [what, headers] of Object.entries(otherwise))
        for (const form of [{}, { client_id: 'shop', client_secret: 'wrong' }, { client_id: 'shop' }] as const) {
          const answer = await asks({ origin, ...headers }, form)
          isError(t, answer, [400, 'invalid_client'])
          t.equal(answer.headers.get('www-authenticate'), null, what)
        }
    }
    for (const [what, headers] of Object.entries({ ...byHeader, ...otherwise }))
      isChallenged(await asks(headers, {}), what)
  }
  const proved = { ...good, client_id: 'shop', client_secret: secret }
  t.equal((await service.token(proved, { headers: { origin: page } })).status, 200)
})
