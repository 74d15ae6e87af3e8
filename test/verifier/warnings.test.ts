/** A verifier that nobody listens to warns the process, so that what is set up wrongly is not silent. */
import { createVerifier, type Environment, type VerifierEvent, type VerifierOptions } from '@signet/verifier'
import { type Test, test } from 'tap'
import { apiKey } from '../support/exchanging-issuer.ts'
import { createSigningKey, startIssuer } from '../support/issuer.ts'
import { readme } from '../support/readme-blocks.ts'
import { api, freePort } from '../support/serve.ts'
import { testEnvironment } from '../support/verifier-environment.ts'

/** All warnings from now on in which this text is: other tests may run in the same process. */
function warningsWith(t: Test, text: string): readonly string[] {
  const warnings: string[] = []
  const note = ({ name, message }: Error) => {
    if (name === 'SignetVerifierWarning' && message.includes(text)) warnings.push(message)
  }
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  return warnings
}

/** Warnings come a turn later. */
const nextTurn = () => new Promise(resolve => setImmediate(resolve))

function silent(
  t: Test,
  options: Partial<VerifierOptions> & Pick<VerifierOptions, 'issuer'>,
  more: Partial<Environment> = {},
) {
  const environment = testEnvironment()
  const verifier = createVerifier({ audience: api, ...options }, { ...environment, ...more })
  t.teardown(() => verifier.close())
  return { environment, verifier }
}

test('an outage is one warning at the first failure, whatever fails after it, and one when all is well again', async t => {
  const issuer = await startIssuer(t)
  issuer.publishList('1', issuer.statusList('1', Buffer.from([0])))
  const warnings = warningsWith(t, issuer.issuer)
  const { environment } = silent(t, { issuer: issuer.issuer })
  await environment.advance(60_000)
  for (let outage = 1; outage <= 2; outage += 1) {
    environment.cut()
    await environment.advance(3_600_000)
    await nextTurn()
    t.equal(warnings.length, 2 * outage - 1)
    t.match(
      warnings.at(-1),
      `The issuer ${issuer.issuer} can't be asked. ${issuer.issuer}/jwks.json: fetch failed: The network`,
    )
    environment.mend()
    await environment.advance(60_000)
    await nextTurn()
    t.equal(warnings.length, 2 * outage)
    t.equal(warnings.at(-1), `The issuer ${issuer.issuer} can be asked again.`)
  }
})

test('what is set up wrongly is named by the one warning, and by ready', async t => {
  const port = await freePort()
  const other = await startIssuer(t)
  const slashed = await startIssuer(t)
  const moved = await startIssuer(t)
  moved.publish('/.well-known/oauth-authorization-server', { status: 404, body: '' })
  const cases: readonly (readonly [issuer: string, reason: RegExp])[] = [
    [`http://127.0.0.1:${port}`, /ECONNREFUSED/],
    [`http://localhost:${port}`, /ECONNREFUSED/],
    [`${slashed.issuer}/`, /another issuer: "http:\/\/127\.0\.0\.1:\d+", not "http:\/\/127\.0\.0\.1:\d+\/"/],
    [
      other.issuer.replace('127.0.0.1', 'localhost'),
      /another issuer: "http:\/\/127\.0\.0\.1:\d+", not "http:\/\/localhost/,
    ],
    [moved.issuer, /oauth-authorization-server\)\. It answers 404\./],
  ]
  for (const [issuer, reason] of cases) {
    const warnings = warningsWith(t, `The issuer ${issuer} `)
    const { verifier } = silent(t, { issuer })
    await t.rejects(verifier.ready(), { name: 'TokenError', code: 'unavailable', message: reason }, issuer)
    await nextTurn()
    t.equal(warnings.length, 1, issuer)
    t.match(warnings[0], reason)
  }
})

test('until all was well once each reason is said once, and not more than a few', async t => {
  const issuer = await startIssuer(t)
  const warnings = warningsWith(t, `The issuer ${issuer.issuer} `)
  const { environment, verifier } = silent(t, { issuer: issuer.issuer })
  environment.cut()
  issuer.publishMetadata({ issuer: 'https://login.example.com' })
  await environment.advance(60_000)
  environment.mend()
  await environment.advance(60_000)
  await nextTurn()
  t.match(warnings, [/cut/, /another issuer: "https:\/\/login\.example\.com"/])
  t.equal(warnings.length, 2)
  for (let number = 0; number < 20; number += 1) {
    issuer.publishMetadata({ issuer: `https://${number}.example.com` })
    await environment.advance(5_000)
  }
  await nextTurn()
  t.equal(warnings.length, 5)
  issuer.publishMetadata()
  await environment.advance(5_000)
  await verifier.ready()
  await nextTurn()
  t.match(warnings.slice(5), [/can be asked again/])
})

test('the README shows the warning of a slash too much as it is', async t => {
  const issuer = 'https://login.example.com/'
  const warnings = warningsWith(t, issuer)
  const fetch = async () => Response.json({ issuer: 'https://login.example.com' })
  const { verifier } = silent(t, { issuer }, { fetch })
  await t.rejects(verifier.ready(), { code: 'unavailable' })
  await nextTurn()
  const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ')
  t.ok(oneLine(readme).includes(oneLine(`[SIGNET_VERIFIER] SignetVerifierWarning: ${warnings[0]}`)), warnings.join())
})

test('what else a listener would hear is a warning, too: a key that is not used, a list without which a token passed, an API key', async t => {
  const weak = await createSigningKey('RS256', { use: 'enc' })
  const issuer = await startIssuer(t)
  issuer.publishKeys([weak.jwk, issuer.key.jwk])
  const ofKey = warningsWith(t, weak.kid)
  const ofList = warningsWith(t, issuer.listUri('7'))
  const ofApiKey = warningsWith(t, 'No API keys can be exchanged')
  const { verifier } = silent(t, { issuer: issuer.issuer })
  await verifier.ready()
  await verifier.verify(issuer.token({ status: { status_list: { idx: 0, uri: issuer.listUri('7') } } }))
  await t.rejects(verifier.apiKeys({ clientId: 'api' }).verify(apiKey()), { code: 'unavailable' })
  await nextTurn()
  t.strictSame(ofKey, [`The key "${weak.kid}" of the issuer is not used: it is not for signatures.`])
  t.strictSame(ofList, [`An access token passed although its status list ${issuer.listUri('7')} was never loaded.`])
  t.match(ofApiKey, [/token_endpoint/])
})

test('with a listener there is no warning, and after the end neither is there one', async t => {
  const issuer = await startIssuer(t)
  const warnings = warningsWith(t, issuer.issuer)
  const events: VerifierEvent[] = []
  const { environment } = silent(t, { issuer: issuer.issuer, onEvent: event => void events.push(event) })
  const closed = silent(t, { issuer: issuer.issuer })
  await Promise.all([environment.idle(), closed.environment.idle()])
  environment.cut()
  closed.environment.cut()
  closed.verifier.close()
  await environment.advance(60_000)
  await nextTurn()
  t.ok(events.length > 0)
  t.strictSame(warnings, [])
})
