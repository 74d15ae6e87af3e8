/** ScribeJava and Apache's HttpClient 5 sign people in. JAVA_CLIENTS names the program of java-clients/. */
import { test } from 'tap'
import { addAlice, password, serve } from '../support/serve.ts'
import { watched } from './machines.ts'
import { asItStands, type Does, doesLines, named, type Settings, testSignIns } from './sign-ins.ts'

const start =
  (name: 'scribejava' | 'httpclient5') =>
  (t: Parameters<typeof doesLines>[0], settings: Settings): Does =>
    doesLines(t, process.env['JAVA_CLIENTS'] ?? 'java-clients', [name, JSON.stringify(settings)])

for (const name of ['scribejava', 'httpclient5'] as const)
  testSignIns(name, start(name), {
    'a public client': [named, named, named],
    'a confidential client': [asItStands, asItStands, asItStands],
  })

test('httpclient5 declares ISO-8859-1, and what is beyond that it sends as question marks', async t => {
  const service = await serve(t)
  await addAlice(service)
  const { url, tokenUrl, sent } = await watched(t, service)
  const settings = { id: 'spa', secret: '', username: 'alice', url, tokenUrl, revokeUrl: `${url}/oauth/revoke` }
  await start('httpclient5')(t, { ...settings, password })('signIn')
  await t.rejects(start('httpclient5')(t, { ...settings, password: `${password}ł` })('signIn'), /invalid_grant/)
  await t.rejects(start('httpclient5')(t, { ...settings, password: `${password}ë` })('signIn'), /percent-encoding/)
  t.match(sent, [
    { contentType: 'application/x-www-form-urlencoded; charset=ISO-8859-1', status: 200 },
    { sentBody: /%3F/, status: 400 },
    { sentBody: /%EB/, status: 400 },
  ])
})
