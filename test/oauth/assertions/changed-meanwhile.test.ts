import t from 'tap'
import {
  addIssuer,
  addTrust,
  addWorker,
  jwtBearer,
  newKey,
  present,
  signed,
  workloadClaims,
} from '../../support/assertions.ts'
import { rowsOf } from '../../support/audit.ts'
import { addClient } from '../../support/clients.ts'
import { createHold } from '../../support/hold.ts'
import { addAlice, byTest, password, serve } from '../../support/serve.ts'

t.test('a request that is being answered while its issuer is changed is judged by what the issuer is then', async t => {
  const hold = createHold()
  const signer = (real: { kid: string; sign: (data: Buffer) => Promise<Buffer> }) => ({
    ...real,
    sign: (data: Buffer) => hold.pass(() => real.sign(data)),
  })
  const service = await serve(t, { faults: { signer: signer as never } })
  const key = newKey()
  await addIssuer(service, key)
  await addWorker(service)
  await addTrust(service)
  const token = await signed(key, workloadClaims(service, Date.now()))
  const during = async (change: () => Promise<unknown>) => {
    hold.close()
    const asking = present(service, token)
    await hold.waiting(1)
    await change()
    hold.open()
    return (await asking).status
  }
  t.equal(
    await during(() => service.issuers.update('builds', { maxLifetimeSeconds: 7200 }, byTest)),
    200,
    'a first grant',
  )
  t.equal(
    await during(() => service.issuers.update('builds', { maxLifetimeSeconds: 3600 }, byTest)),
    200,
    'a later one',
  )
  t.equal(
    await during(() => service.issuers.update('builds', { maxLifetimeSeconds: 60 }, byTest)),
    401,
    'it lives too long now',
  )
})

t.test("a workload's token is told of once, also where a user refreshes through the client", async t => {
  const service = await serve(t)
  await addAlice(service)
  const key = newKey()
  await addIssuer(service, key)
  await addClient(service, { clientId: 'worker', secret: null })
  await addTrust(service)
  const proof = async () => ({
    client_id: 'worker',
    client_assertion_type: jwtBearer,
    client_assertion: await signed(key, workloadClaims(service, Date.now())),
  })
  const first = await proof()
  const { body } = await service.token({ grant_type: 'password', username: 'alice', password, ...first })
  const second = await proof()
  const refreshed = await service.token({ grant_type: 'refresh_token', refresh_token: body.refresh_token, ...second })
  t.equal(refreshed.status, 200)
  const repeated = { grant_type: 'refresh_token', refresh_token: refreshed.body.refresh_token, ...second }
  t.equal((await service.token(repeated)).status, 200)
  await service.writeEvents()
  const told = rowsOf(service.databaseFile).filter(({ details, outcome }) => details !== null && outcome === 'success')
  t.strictSame(
    told.map(({ type }) => type),
    ['user.sign_in', 'session.refresh'],
  )
})

t.test(
  'an issuer does not become one that many share, or another, under trusts that would admit strangers',
  async t => {
    const service = await serve(t)
    const key = newKey()
    await addIssuer(service, key)
    await addWorker(service)
    const { added } = await addTrust(service, 'worker', [{ name: 'ref', value: 'main' }])
    const refused = { code: 'conflict', message: new RegExp(`The trust ${added.id} of the client worker`) }
    await t.rejects(service.issuers.update('builds', { isShared: true }, byTest), refused)
    const url = 'https://token.actions.githubusercontent.com'
    await t.rejects(service.issuers.update('builds', { url }, byTest), refused)
    t.match(await service.issuers.find('builds'), { isShared: false, revision: 0 }, 'nothing was changed')
    await service.clients.removeTrust('worker', added.id, byTest)
    t.match(await service.issuers.update('builds', { url }, byTest), { isShared: true, url })
  },
)
