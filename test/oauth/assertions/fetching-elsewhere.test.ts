/** Keys that are fetched over a real connection: only from where the operator lets it, and only what is a set of keys. */
import type { RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import {
  addIssuer,
  addTrust,
  addWorker,
  clientClaims,
  newKey,
  present,
  workloadClaims,
} from '../../support/assertions.ts'
import { testClock } from '../../support/clock.ts'
import { commandLine } from '../../support/command-line.ts'
import { documentServer } from '../../support/document-server.ts'
import { sign } from '../../support/hostile-assertions.ts'
import { byTest, type Service, serve } from '../../support/serve.ts'
import { restarted } from '../../support/status-list.ts'

const HOUR_MS = 3_600_000
const key = newKey()
const environment = { SIGNET_ALLOW_NETWORKS: '127.0.0.0/8' }
const clock = testClock()
const publish: RequestListener = (_, response) => void response.end(JSON.stringify({ keys: [key.jwk] }))

/** What is answered to the token of a workload, and to the client's own assertion. */
const both = async (service: Service) => [
  (await present(service, sign(key, workloadClaims(service, clock.now())))).status,
  (await present(service, sign(key, clientClaims(service, clock.now())))).status,
]

t.test(
  'from a private address they are fetched where the operator allows it; otherwise nobody is contacted',
  async t => {
    const server = await documentServer(t, publish)
    const service = await serve(t, { clock, environment })
    await addIssuer(service, key, { keySource: { kind: 'jwks_uri', uri: server.uri('/issuer') } })
    await addWorker(service)
    await addTrust(service)
    await service.clients.addKey('worker', { jwksUri: server.uri('/client') }, byTest)
    t.same(await both(service), [200, 200])
    t.same(server.paths, ['/issuer', '/client'])

    const again = await restarted(t, service, { clock })
    t.same(await both(again), [200, 200], 'what was fetched serves on')
    clock.advance(25 * HOUR_MS)
    t.same(await both(again), [401, 401])
    t.equal(server.connections(), 2)
    const { json } = await commandLine(t, again.environment)
    const { keys_failure: failure } = await json(['issuers', 'show', 'builds'])
    t.match(failure.problem, /those that SIGNET_ALLOW_NETWORKS names/)
  },
)

/** A client that trusts an issuer whose keys come from there. */
async function trusting(t: Test, uri: string) {
  const service = await serve(t, { clock, environment })
  await addIssuer(service, key, { keySource: { kind: 'jwks_uri', uri } })
  await addWorker(service)
  await addTrust(service)
  return async () => {
    const { status } = await present(service, sign(key, workloadClaims(service, clock.now())))
    const { failure } =
      (await (await service.container.issuerInspection()).fetchedKeys(await service.issuers.find('builds'))) ?? {}
    return [status, failure?.message]
  }
}

t.test('no redirect is followed', async t => {
  const good = await documentServer(t, publish)
  const server = await documentServer(t, (_, response) => void response.writeHead(302, { location: good.uri() }).end())
  const ask = await trusting(t, server.uri())
  t.same(await ask(), [401, 'The request failed: it answered with a redirect (302).'])
  t.equal(good.connections(), 0)
})

t.test('of a document without an end no more is read than of a large one', async t => {
  const [first, spaces] = [JSON.stringify({ keys: [key.jwk] }), Buffer.alloc(100_000, ' ')]
  let sent = 0
  const server = await documentServer(t, (_, response) => {
    response.write(first)
    const more = () =>
      void response.write(spaces, error => {
        sent += spaces.length
        if (!error && sent < 100_000_000) more()
      })
    more()
  })
  const ask = await trusting(t, server.uri())
  t.same(await ask(), [401, 'The request failed: it has more than 1000000 bytes.'])
  t.ok(sent < 50_000_000, `${sent} bytes were sent`)
})
