/** An assertion of private_key_jwt is good once: for whoever was first, however often its request runs, and after a restore. */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Faults } from '../../../src/compose/sources.ts'
import {
  addIssuer,
  addKey,
  addTrust,
  addWorker,
  clientClaims,
  newKey,
  present,
  signed,
  workloadClaims,
} from '../../support/assertions.ts'
import { testClock } from '../../support/clock.ts'
import { commandLine } from '../../support/command-line.ts'
import { createHold, during } from '../../support/hold.ts'
import type { Json } from '../../support/issuer.ts'
import { accepting, epochFilesIn } from '../../support/restore.ts'
import { type Answer, byTest, type Service, serve } from '../../support/serve.ts'
import { auditedBy, select } from '../../support/sqlite.ts'
import { restarted } from '../../support/status-list.ts'

const key = newKey()
const clock = testClock(Math.floor(Date.now() / 1000) * 1000)
const signing = createHold()
const signer: Faults['signer'] = ({ kid, sign }) => ({ kid, sign: input => signing.pass(() => sign(input)) })
/** In which a request can be held after it has read and before it writes. */
const service = await serve(t, { clock, faults: { signer } })
let made = 0

/** A client that no other test knows, with the key. */
async function client() {
  made += 1
  const clientId = `worker-${made}`
  await addWorker(service, clientId)
  const { added } = await addKey(service, key, clientId)
  return {
    clientId,
    keyId: added.id,
    assertion: (more: Json = {}, at: Pick<Service, 'issuer'> = service) =>
      signed(key, clientClaims(at, clock.now(), { iss: clientId, sub: clientId, ...more })),
    /** As the client itself, which the assertion names. */
    ask: (assertion: string, at = service) => present(at, assertion, {}),
    during: (request: () => Promise<Answer>, act: () => Promise<unknown>) => during(signing, request, act),
  }
}

const used = ({ databaseFile }: Service) => select(databaseFile, 'select hash from used_assertions').length
const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status).sort()

t.test(
  'the second time it is refused, and so is another one with its jti; of another client it is another jti',
  async t => {
    const { assertion, ask } = await client()
    const [before, jti] = [used(service), randomUUID()]
    const first = await assertion({ jti })
    t.equal((await ask(first)).status, 200)
    const events = await auditedBy(service, async () => {
      const answers = [await ask(first), await ask(await assertion({ jti, exp: clock.now() / 1000 + 90 }))]
      t.same(statuses(answers), [401, 401])
    })
    t.same(events, ['client.authenticate failure assertion_used_before'])
    await addWorker(service, 'other')
    await addKey(service, key, 'other')
    const others = await assertion({ jti, iss: 'other', sub: 'other' })
    t.equal((await ask(others)).status, 200)
    t.equal(used(service) - before, 2)
  },
)

t.test('of many at once one is the first', async t => {
  const { assertion, ask } = await client()
  const one = await assertion()
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(one)))
  t.same(statuses(answers), [200, ...Array.from({ length: 9 }, () => 401)])
})

t.test('of many at once on two instances one is the first', async t => {
  const { assertion, ask } = await client()
  const both = [service, await serve(t, { clock, folder: service.folder })] as const
  const jti = randomUUID()
  // Each has its own name here, for which the assertion must be.
  const presented = await Promise.all(both.map(async each => ({ each, one: await assertion({ jti }, each) })))
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => presented.map(({ each, one }) => ask(one, each))).flat(),
  )
  t.same(statuses(answers), [200, ...Array.from({ length: 9 }, () => 401)])
})

t.test('a request that runs again, because something moved, has used its assertion once', async t => {
  const { assertion, ask, clientId, during } = await client()
  const [before, one] = [used(service), await assertion()]
  const answer = await during(
    () => ask(one),
    async () => {
      await service.clients.update(clientId, { scope: ['posts:read'] }, byTest)
      t.equal((await ask(one)).status, 401, 'meanwhile it is used')
    },
  )
  t.match([answer.status, answer.body.scope], [200, 'posts:read'])
  t.equal((await ask(one)).status, 401)
  t.equal(used(service) - before, 1)
})

t.test('a key that is removed meanwhile proves nothing any more', async t => {
  const { assertion, ask, clientId, during, keyId } = await client()
  const one = await assertion()
  const events = await auditedBy(service, async () => {
    const answer = await during(
      () => ask(one),
      () => service.clients.removeKey(clientId, keyId, byTest),
    )
    t.match([answer.status, answer.body.error], [401, 'invalid_client'])
  })
  t.same(events, ['client.remove_key success', 'client.authenticate failure client_changed'])
})

t.test('while its client is disabled an assertion is refused, and not used up', async t => {
  const { assertion, ask, clientId } = await client()
  const one = await assertion()
  await service.clients.setStatus(clientId, 'disabled', byTest)
  t.equal((await ask(one)).status, 401)
  await service.clients.setStatus(clientId, 'active', byTest)
  t.equal((await ask(one)).status, 200)
})

t.test('after a restore none is taken that may have been used before it; those of workloads are', async t => {
  const { assertion, ask, clientId } = await client()
  await addIssuer(service, key)
  await addTrust(service, clientId)
  await service.stop()
  for (const name of epochFilesIn(join(service.folder, 'keys'))) rmSync(join(service.folder, 'keys', name))
  const { json } = await commandLine(t, service.environment, clock)
  await json(accepting.keep)
  const acceptedAt = clock.now() / 1000
  const again = await restarted(t, service, { clock })
  const statusOf = async (iat: number) => (await ask(await assertion({ iat, exp: acceptedAt + 300 }), again)).status
  t.same([await statusOf(acceptedAt), await statusOf(acceptedAt + 60)], [401, 401])
  t.equal(
    (await present(again, await signed(key, workloadClaims(again, clock.now())), { client_id: clientId })).status,
    200,
  )
  clock.advance(60_000)
  const events = await auditedBy(again, async () => t.equal(await statusOf(acceptedAt + 60), 401))
  t.same(events, ['client.authenticate failure assertion_from_before_the_restore'], 'whenever it comes')
  t.equal(await statusOf(acceptedAt + 60.001), 200)
  clock.advance(1000)
  t.equal(await statusOf(acceptedAt + 61), 200)
})
