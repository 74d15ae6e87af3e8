import t from 'tap'
import { testBench } from '../support/hostile-tokens.ts'
import { api } from '../support/serve.ts'

const claims = {
  aud: [api, 'other'],
  roles: ['admin', 'user'],
  scope: 'posts:read',
  sid: 'session_1',
  nothing: null,
  act: { sub: 'client_1', act: { sub: 'client_2', roles: ['x'] } },
  cnf: [{ keys: [['deep', { deeper: [{}] }]] }],
}

/** Every object and array in a value, itself among them. */
const objectsIn = (value: unknown): readonly object[] =>
  typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(objectsIn)] : []

t.test('what verify returns is what was signed, and frozen all the way down', async t => {
  const { issuer, verifier } = await testBench(t)
  const token = issuer.token(claims)

  for (const use of ['first use', 'from the cache']) {
    const user = await verifier.verify(token)
    t.match(user, claims, use)
    const objects = objectsIn(user)
    t.equal(objects.length, 13, 'none is missed')
    t.same(
      objects.filter(object => !Object.isFrozen(object)),
      [],
      `no part of it can be changed: ${use}`,
    )
  }
})

t.test('whoever tries to change the claims fails, and the next request sees none of it', async t => {
  const { issuer, verifier } = await testBench(t)
  const token = issuer.token(claims)
  const user = (await verifier.verify(token)) as unknown as {
    sub: string
    roles: string[]
    act: { act: { sub: string } }
    admin?: boolean
  }

  t.throws(() => {
    user.sub = 'user_2'
  }, TypeError)
  t.throws(() => {
    user.admin = true
  }, TypeError)
  t.throws(() => user.roles.push('owner'), TypeError)
  t.throws(() => {
    user.act.act.sub = 'client_3'
  }, TypeError)
  t.throws(() => Object.setPrototypeOf(user, { admin: true }), TypeError)
  t.throws(() => Reflect.deleteProperty(user, 'sub') || Object.defineProperty(user, 'sub', { value: 'x' }), TypeError)

  const next = await verifier.verify(token)
  t.match(next, { sub: 'user_1', ...claims })
  t.notOk('admin' in next)
})

t.test('claims in a thousand objects, one in the other, are frozen to the last', async t => {
  const { issuer, verifier } = await testBench(t)
  const depth = 1000
  const deep = JSON.parse(`${'{"x":'.repeat(depth)}1${'}'.repeat(depth)}`)

  let value: unknown = (await verifier.verify(issuer.token({ deep })))['deep']
  for (let level = 0; level < depth; level += 1) {
    if (!Object.isFrozen(value)) t.fail(`level ${level} is frozen`)
    value = (value as { readonly x: unknown }).x
  }
  t.equal(value, 1)
})
