/** What is taken from an API key is noticed everywhere within one poll interval, with no call per request: counted at a real token service. */
import { type Test, test } from 'tap'
import { EXCHANGE } from '../support/asking-machines.ts'
import { commandLine } from '../support/command-line.ts'
import { api, byTest, password, type Service } from '../support/serve.ts'
import { POLL_MS } from '../support/simulated-verifier.ts'
import { withAlice } from '../support/status-list.ts'
import { startVerifiers } from './verifier-processes.ts'

/** Two of the five resource services have a client of their own. */
const clientOf = (started: number): string => (started < 3 ? 'gateway' : 'shop')
const PROCESSES = 5

const everywhere = (outcome: string, times = 1) => Array(PROCESSES).fill({ [outcome]: times })

/** How many requests the token service has answered at its token endpoint. */
const exchangesAt = (service: Service): number => service.log().split('"route":"/oauth/token"').length - 1

async function setUp(t: Test) {
  const service = await withAlice(t)
  const { json } = await commandLine(t, service.environment)
  for (const id of ['gateway', 'shop'])
    await json(['clients', 'add', id, '--public', '--grant', EXCHANGE, '--scope', '*', '--audience', api])
  const verifiers = await startVerifiers(t, service.issuer, PROCESSES, clientOf)
  /** A key of somebody of its own. */
  async function keyOf(username: string): Promise<{ readonly key: string; readonly id: string }> {
    await service.users.add({ username, password, roles: ['editor'] }, byTest)
    const made = ['api-keys', 'create', '--user', username, '--scope', 'posts:read', '--name', 'nightly']
    const { api_key: key, api_key_id: id } = await json(made)
    return { key, id }
  }
  return { service, json, verifiers, keyOf }
}

test('five resource services exchange a key once each, and refuse it one poll interval after it is revoked', async t => {
  const { service, json, verifiers, keyOf } = await setUp(t)
  const { key, id } = await keyOf('bob')
  t.strictSame(await verifiers.verifyKey(key, 1_000), everywhere('accepted posts:read', 1_000))
  t.equal(exchangesAt(service), PROCESSES)
  await json(['api-keys', 'revoke', id])
  await verifiers.advance(POLL_MS)
  t.strictSame(await verifiers.verifyKey(key, 1_000), everywhere('invalid_api_key', 1_000))
  t.equal(exchangesAt(service), 2 * PROCESSES, 'each asks once whether the key is still good')
})

test('of a disabled owner, a role that was taken, and a disabled client nothing is accepted one poll interval later', async t => {
  const { service, json, verifiers, keyOf } = await setUp(t)
  const [kept, disabled, without] = [await keyOf('kim'), await keyOf('dan'), await keyOf('rob')]
  for (const { key } of [kept, disabled, without])
    t.strictSame(await verifiers.verifyKey(key), everywhere('accepted posts:read'))
  const before = exchangesAt(service)
  await json(['users', 'disable', 'dan'])
  await json(['roles', 'revoke', 'editor', '--user', 'rob'])
  await verifiers.advance(POLL_MS)
  t.strictSame(await verifiers.verifyKey(kept.key, 100), everywhere('accepted posts:read', 100))
  t.strictSame(await verifiers.verifyKey(disabled.key, 100), everywhere('invalid_api_key', 100))
  t.strictSame(
    await verifiers.verifyKey(without.key, 100),
    everywhere('accepted', 100),
    'the key is good, and gives nothing',
  )
  t.equal(exchangesAt(service), before + 2 * PROCESSES, 'one question each for the two keys')

  await json(['clients', 'disable', 'gateway'])
  await verifiers.advance(POLL_MS)
  const accepted = { 'accepted posts:read': 100 }
  const refused = { unavailable: 100 }
  t.strictSame(await verifiers.verifyKey(kept.key, 100), [refused, refused, refused, accepted, accepted])
})
