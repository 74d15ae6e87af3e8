/** GET /metrics: nothing that a caller types is in it. */
import { test } from 'tap'
import { addClient } from '../support/clients.ts'
import { scrape } from '../support/metrics.ts'
import { addAlice, password, refresh, secret, serve, signIn } from '../support/serve.ts'

test('no name, secret, token, address or path is in what is told', async t => {
  const service = await serve(t)
  await addAlice(service)
  const pasted = 'pasted-Secret-0123456789'
  const { body } = await signIn(service)
  await addClient(service, { clientId: pasted })
  await signIn(service, { username: pasted })
  await signIn(service, { password: pasted, scope: pasted, resource: pasted, grant_type: pasted })
  await service.token({ grant_type: 'password', client_id: pasted, client_secret: pasted })
  await refresh(service, pasted)
  await refresh(service, body.refresh_token)
  await service.get(`/${pasted}?${pasted}`, { headers: { 'user-agent': pasted, traceparent: pasted } })
  await service.get(`/oauth/status-lists/${pasted}`)
  await service.get(`/me/sessions/${pasted}`, { method: 'DELETE', headers: { authorization: `Bearer ${pasted}` } })
  const text = await scrape(service)
  const secrets = [pasted, password, secret, body.access_token, body.refresh_token, 'alice', 'web-app', '127.0.0.1']
  for (const [index, word] of secrets.entries()) t.notOk(text.includes(word), `word ${index}`)
})
