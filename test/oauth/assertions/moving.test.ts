/** A client that moves from a secret to a key of its own, and on to the token of its workload, while it asks all the time. */
import t from 'tap'
import {
  addIssuer,
  addKey,
  addTrust,
  clientClaims,
  jwtBearer,
  newKey,
  workloadClaims,
} from '../../support/assertions.ts'
import { addClient } from '../../support/clients.ts'
import { sign } from '../../support/hostile-assertions.ts'
import { basic, byTest, secret, serve } from '../../support/serve.ts'

const LANES = 20
const REQUESTS = 200
/** By each method, at least. */
const SOME = 40

t.test('no request fails while a client moves from one method to the next', async t => {
  const service = await serve(t)
  const key = newKey()
  await addIssuer(service, key)
  const { secretId = '' } = await addClient(service, { clientId: 'worker', grants: ['client_credentials'] })
  const request = async (form: Readonly<Record<string, string>>, authorization?: string) =>
    (
      await service.token(
        { grant_type: 'client_credentials', ...form },
        { ...(authorization && { headers: { authorization } }) },
      )
    ).status
  const assertion = (claims: object) =>
    request({ client_id: 'worker', client_assertion_type: jwtBearer, client_assertion: sign(key, claims) })
  const token = workloadClaims(service, Date.now())
  const ways = {
    secret: () => request({}, basic(['worker', secret])),
    key: () => assertion(clientClaims(service, Date.now())),
    trust: () => assertion(token),
  }

  let way: keyof typeof ways = 'secret'
  const underWay = { secret: 0, key: 0, trust: 0 }
  const over = { secret: 0, key: 0, trust: 0 }
  const waiting: { readonly isSo: () => boolean; readonly resolve: () => void }[] = []
  const until = (isSo: () => boolean) => new Promise<void>(resolve => waiting.push({ isSo, resolve }))
  const statuses: number[] = []

  async function ask(): Promise<void> {
    const by = way
    underWay[by] += 1
    statuses.push(await ways[by]())
    underWay[by] -= 1
    over[by] += 1
    for (const { isSo, resolve } of waiting) if (isSo()) resolve()
  }

  /** Adds what the client goes over to, and takes away what nobody uses any more. */
  async function move(
    from: keyof typeof ways,
    to: keyof typeof ways,
    add: () => Promise<unknown>,
    remove: () => Promise<unknown>,
  ) {
    await until(() => over[from] >= SOME)
    await add()
    way = to
    await until(() => underWay[from] === 0)
    await remove()
  }
  async function moves(): Promise<void> {
    let keyId = ''
    const register = async () => {
      keyId = (await addKey(service, key)).added.id
    }
    await move('secret', 'key', register, () => service.clients.removeSecret('worker', secretId, byTest))
    await move(
      'key',
      'trust',
      () => addTrust(service),
      () => service.clients.removeKey('worker', keyId, byTest),
    )
  }

  const lane = async () => {
    while (statuses.length < REQUESTS || over.trust < SOME) await ask()
  }
  await Promise.all([moves(), ...Array.from({ length: LANES }, lane)])
  t.same(new Set(statuses), new Set([200]), `${statuses.length} requests`)
  t.same([await ways.secret(), await ways.key(), await ways.trust()], [401, 401, 200])
})
