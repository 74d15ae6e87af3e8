import { hash } from '@node-rs/argon2'
import t from 'tap'
import { addAlice, byTest, password, serve, signIn } from '../support/serve.ts'
import { change } from '../support/sqlite.ts'

const ours = '$argon2id$v=19$m=19456,t=2,p=1$'
const cheaper = { memoryCost: 1024, timeCost: 1, parallelism: 1 }
const dearer = { memoryCost: 20480, timeCost: 2, parallelism: 1 }
const other = 'another battery staple 8'

/** A service with users whose hashes were made by versions that knew other parameters, and what each check computes. */
async function scene(t: Parameters<typeof serve>[0]) {
  const computed: string[] = []
  const service = await serve(t, {
    faults: {
      hasher: inner => ({
        hash: inner.hash,
        async verify(stored, typed) {
          const matches = await inner.verify(stored, typed)
          computed.push(stored.slice(0, stored.indexOf('$', '$argon2id$v=19$'.length) + 1))
          return matches
        },
      }),
    },
  })
  await addAlice(service)
  async function add(username: string, parameters: typeof cheaper): Promise<void> {
    await service.users.add({ username, password, roles: [] }, byTest)
    const stored = await hash(password, { algorithm: 2, ...parameters })
    change(service.databaseFile, 'update users set password_hash = ? where username = ?', stored, username)
  }
  /** The status, and with which parameters it was hashed. */
  async function attempt(username: string, typed = other) {
    computed.length = 0
    const { status } = await signIn(service, { username, password: typed })
    return [status, ...computed.toSorted()]
  }
  /** In the order in which it was hashed. */
  const inOrder = async (username: string) => {
    await attempt(username)
    return [...computed]
  }
  return { service, add, attempt, inOrder }
}

const spelled = ({ memoryCost, timeCost, parallelism }: typeof cheaper) =>
  `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`

t.test('while all hashes have the same parameters a check is one hash', async t => {
  const { attempt } = await scene(t)
  for (const name of ['alice', 'nobody']) t.same(await attempt(name), [400, ours], name)
})

t.test(
  'once hashes with other parameters were met, every sign-in that is refused does the work of all of them',
  async t => {
    const { service, add, attempt, inOrder } = await scene(t)
    await add('carla', cheaper)
    await add('carol', cheaper)
    await add('diana', dearer)
    await add('disabled', dearer)
    await service.users.setStatus('disabled', 'disabled', byTest)
    for (const name of ['carla', 'diana']) await attempt(name)

    const all = [ours, spelled(cheaper), spelled(dearer)].toSorted()
    for (const name of ['alice', 'nobody', 'carla', 'carol', 'diana', 'disabled'])
      t.same(await attempt(name), [400, ...all], name)
    t.same(await attempt('disabled', password), [400, ...all], 'the right password of somebody who may not sign in')
    const order = await inOrder('nobody')
    for (const name of ['alice', 'carol', 'diana'])
      t.strictSame(await inOrder(name), order, `${name}, in the same order`)
  },
)

t.test('who signs in pays for nothing after the own hash, and then for none but ours', async t => {
  const { add, attempt } = await scene(t)
  await add('carla', cheaper)
  t.same(await attempt('carla', password), [200, ...[ours, spelled(cheaper)].toSorted()])
  t.same(await attempt('carla', password), [200, ours])
  t.same(await attempt('alice', password), [200, ours])
})

t.test('a stored hash that cannot be computed adds nothing to the work of others', async t => {
  const { service, add, attempt } = await scene(t)
  await add('broken', cheaper)
  const impossible = '$argon2id$v=19$m=1,t=1,p=9$AAAA$AAAA'
  change(service.databaseFile, 'update users set password_hash = ? where username = ?', impossible, 'broken')
  for (const name of ['broken', 'alice', 'nobody', 'broken']) t.same(await attempt(name), [400, ours], name)
})
