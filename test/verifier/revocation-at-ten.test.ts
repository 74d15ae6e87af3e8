/** What is revoked is refused everywhere within one poll interval, with no call per request: counted at a real token service. */
import { type Test, test } from 'tap'
import { byTest, headerOf, type Service } from '../support/serve.ts'
import { POLL_MS } from '../support/simulated-verifier.ts'
import { device, revoke, withAlice } from '../support/status-list.ts'
import { startVerifiers } from './verifier-processes.ts'

const PROCESSES = 10
/** Keys, lists and the one list. */
const DOCUMENTS = 3

const everywhere = (outcome: string, times = 1) => Array(PROCESSES).fill({ [outcome]: times })

/** How many requests the token service has answered. */
const requestsAt = (service: Service): number => service.log().split('"msg":"request"').length - 1

async function setUp(t: Test) {
  const service = await withAlice(t)
  const [kept, lost] = [await device(service), await device(service)]
  const verifiers = await startVerifiers(t, service.issuer, PROCESSES)
  return { service, kept, lost, verifiers }
}

test('ten resource services refuse a revoked token one poll interval later, and verifying asks the token service nothing', async t => {
  const { service, kept, lost, verifiers } = await setUp(t)
  const loaded = requestsAt(service)
  t.strictSame(await verifiers.verify(kept.access, 1_000), everywhere('accepted', 1_000))
  t.strictSame(await verifiers.verify(lost.access, 1_000), everywhere('accepted', 1_000))
  t.equal(requestsAt(service), loaded, '20,000 verifications are no request')

  t.equal((await revoke(service, lost.refreshToken)).status, 200)
  await verifiers.advance(POLL_MS - 1)
  t.equal(requestsAt(service), loaded + 1, 'the revocation')
  t.strictSame(await verifiers.verify(lost.access), everywhere('accepted'), 'nobody knows yet')
  await verifiers.advance(1)
  const polled = loaded + 1 + PROCESSES * DOCUMENTS
  t.equal(requestsAt(service), polled, 'one poll each')
  t.strictSame(await verifiers.verify(lost.access, 1_000), everywhere('revoked', 1_000))
  t.strictSame(await verifiers.verify(kept.access, 1_000), everywhere('accepted', 1_000))
  t.equal(requestsAt(service), polled)
})

test('ten resource services refuse the tokens of a revoked key one poll interval later, and take those of the next one', async t => {
  const { service, kept, verifiers } = await setUp(t)
  t.strictSame(await verifiers.verify(kept.access), everywhere('accepted'))
  const lifecycle = await service.container.keyLifecycle()
  await lifecycle.revoke(headerOf(kept.access).kid, 'stolen', byTest)
  await service.tick()
  const next = await device(service)
  t.not(headerOf(next.access).kid, headerOf(kept.access).kid)
  const before = requestsAt(service)
  t.strictSame(await verifiers.verify(next.access), everywhere('accepted'), 'the standby was published before')
  await verifiers.advance(POLL_MS)
  t.strictSame(await verifiers.verify(kept.access, 1_000), everywhere('unknown_key', 1_000))
  t.strictSame(await verifiers.verify(next.access, 1_000), everywhere('accepted', 1_000))
  const ofPolls = PROCESSES * DOCUMENTS
  const ofUnknownKids = PROCESSES
  t.equal(
    requestsAt(service) - before,
    ofPolls + ofUnknownKids,
    'one fetch each for the kid that nobody knows any more',
  )
})
