/** What ends an API key or holds it up, and with it the tokens that were given for it. */
import t, { type Test } from 'tap'
import { checksum } from '../support/checksum.ts'
import { addClient } from '../support/clients.ts'
import { badKey, forge, type Machines, type MadeKey, machines, shop } from '../support/machines.ts'
import { api, byTest, password, secret } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const inactive = [200, '{"active":false}']
const broker = { client: ['broker', secret] } as const

/** The key gives tokens no more, introspection knows nothing of it, and what was given has ended. */
async function isOver(t: Test, its: Machines, { api_key }: MadeKey, tokens: readonly string[], title: string) {
  for (const more of [{}, broker]) {
    const answer = await its.exchange(api_key, {}, more)
    t.same([answer.status, answer.text], [400, badKey], title)
  }
  const { status, text } = await its.introspect(api_key)
  t.same([status, text], inactive, title)
  for (const access of tokens) t.notOk(await its.works(access), `${title}: what was given`)
}

async function isGood(t: Test, its: Machines, { api_key }: MadeKey, tokens: readonly string[], title: string) {
  t.equal((await its.exchange(api_key)).status, 200, title)
  t.equal((await its.introspect(api_key)).body.active, true, title)
  for (const access of tokens) t.ok(await its.works(access), title)
}

const tokensOf = async (its: Machines, { api_key }: MadeKey) => [
  await its.given(api_key),
  await its.given(api_key, {}, broker),
]

t.test('revoked, it is over, with its tokens through every client; other keys go on', async t => {
  const its = await machines(t)
  const [key, other] = [await its.make(), await its.make({ name: 'other' })]
  const [tokens, others] = [await tokensOf(its, key), await tokensOf(its, other)]
  await isGood(t, its, key, tokens, 'before')
  const shown = await its.json(['api-keys', 'revoke', key.api_key_id])
  t.same([shown.status, shown.revoked_at], ['revoked', new Date(its.clock.now()).toISOString()])
  await isOver(t, its, key, tokens, 'revoked')
  await isGood(t, its, other, others, 'the other one')

  await its.fresh()
  its.clock.advance(60_000)
  t.strictSame(await its.json(['api-keys', 'revoke', key.api_key_id]), shown, 'once more is no error')
  await its.appendedLike()
})

t.test('revoke --user revokes all of one user, and those of nobody else', async t => {
  const its = await machines(t)
  const keys = [await its.make(), await its.make(), await its.make({ more: ['--expires', '1h'] })] as const
  const ofBob = await its.make({ owner: ['--user', 'bob'] })
  const ofWorker = await its.make({ owner: ['--client', 'worker'] })
  its.clock.advance(3_600_000)
  const tokens = [await tokensOf(its, keys[0]), await tokensOf(its, keys[1])]
  await its.fresh()
  t.strictSame(await its.json(['api-keys', 'revoke', '--user', 'ALICE']), { revoked: 2 })
  await its.appendedLike(
    // Made in the same moment, they are in the order of their ids.
    ...keys
      .slice(0, 2)
      .map(({ api_key_id }) => api_key_id)
      .sort()
      .flatMap(target => [
        { type: 'session.end', reason: 'api_key_revoked', target },
        { type: 'api_key.revoke', target, user_id: its.userId, actor: /^operator:/, reason: 'revoked_by_operator' },
      ]),
  )
  await isOver(t, its, keys[0], tokens[0] as string[], 'the first')
  await isOver(t, its, keys[1], tokens[1] as string[], 'the second')
  for (const key of [ofBob, ofWorker]) await isGood(t, its, key, [], 'of others')
  t.strictSame(await its.json(['api-keys', 'revoke', '--user', 'alice']), { revoked: 0 })
  await isGood(t, its, await its.make(), [], 'alice may make others')
})

t.test('of a failed exchange the audit says which key it was, through which client, and why', async t => {
  const { make, exchange, json, service, clock, fresh, appendedLike } = await machines(t)
  const { id } = await service.clients.find('gateway')
  const key = await make({ more: ['--expires', '1h'] })
  for (const [reason, act] of [
    ['owner_not_active', () => json(['users', 'disable', 'alice'])],
    ['api_key_expired', async () => clock.advance(3_600_000)],
    ['api_key_revoked', () => json(['api-keys', 'revoke', key.api_key_id])],
  ] as const) {
    await act()
    clock.advance(60_000)
    await fresh()
    await exchange(key.api_key)
    await appendedLike({ type: 'api_key.exchange', outcome: 'failure', reason, client_id: id, target: key.api_key_id })
  }
  await exchange(forge(key.api_key, checksum))
  await appendedLike({ type: 'api_key.exchange', outcome: 'failure', reason: 'wrong_api_key', client_id: id })
  for (const text of [key.api_key, forge(key.api_key, checksum)]) await exchange(text)
  t.same(await fresh(), [], 'once a minute for a client, and for a key that is over')
})

t.test('expired, it is over', async t => {
  const its = await machines(t)
  const key = await its.make({ more: ['--expires', '2m'] })
  its.clock.advance(119_000)
  await isGood(t, its, key, [], 'to the last second')
  its.clock.advance(1000)
  await isOver(t, its, key, [], 'expired')
  const list = await its.json(['api-keys', 'list'])
  t.equal(list[0].status, 'expired')
})

t.test(
  'a user or client who is disabled keeps the keys, which work again when enabled; what has ended stays so',
  async t => {
    const its = await machines(t)
    await addClient(its.service, { clientId: 'owner', grants: [] })
    for (const [noun, name, option] of [
      ['users', 'alice', '--user'],
      ['clients', 'owner', '--client'],
    ] as const) {
      const key = await its.make({ owner: [option, name] })
      const tokens = await tokensOf(its, key)
      await isGood(t, its, key, tokens, `${name} before`)
      await its.json([noun, 'disable', name])
      await isOver(t, its, key, tokens, `${name} is disabled`)
      t.equal((await its.json(['api-keys', 'show', key.api_key_id])).status, 'active')
      await its.json([noun, 'enable', name])
      await isGood(t, its, key, [], `${name} is enabled`)
      for (const access of tokens) t.notOk(await its.works(access), 'what has ended stays so')
    }
  },
)

t.test('of a user or client who is deleted all keys are revoked, and another of the same name has none', async t => {
  const its = await machines(t)
  await addClient(its.service, { clientId: 'owner', grants: [] })
  const [ofAlice, ofClient] = [await its.make(), await its.make({ owner: ['--client', 'owner'] })]
  const [tokens, others] = [await tokensOf(its, ofAlice), await tokensOf(its, ofClient)]
  await its.json(['users', 'delete', 'alice'])
  await its.json(['clients', 'delete', 'owner'])
  const again = async () => {
    await isOver(t, its, ofAlice, tokens, 'alice is deleted')
    await isOver(t, its, ofClient, others, 'the client is deleted')
  }
  await again()
  for (const { api_key_id } of [ofAlice, ofClient])
    t.equal((await its.json(['api-keys', 'show', api_key_id])).status, 'revoked')
  await its.json(['users', 'add', 'alice', '--password-stdin', '--role', 'editor', '--reuse-name'], password)
  await addClient(its.service, { clientId: 'owner', grants: [] })
  await again()
  t.same(await its.json(['api-keys', 'list', '--user', 'alice']), [])
})

t.test('a password that an operator sets revokes the keys of the user; of others and of clients none', async t => {
  const its = await machines(t)
  const key = await its.make()
  const [ofBob, ofWorker] = [
    await its.make({ owner: ['--user', 'bob'] }),
    await its.make({ owner: ['--client', 'worker'] }),
  ]
  const tokens = await tokensOf(its, key)
  await its.fresh()
  await its.json(['users', 'set-password', 'alice', '--password-stdin'], 'another battery staple 8')
  t.match(
    (await its.fresh()).filter(({ type }) => type === 'api_key.revoke'),
    [{ target: key.api_key_id, user_id: its.userId }],
  )
  await isOver(t, its, key, tokens, 'alice')
  for (const other of [ofBob, ofWorker]) await isGood(t, its, other, [], 'of others')
})

t.test(
  'the password that users change themselves, and their sign-out everywhere, leave keys and their tokens alone',
  async t => {
    const its = await machines(t)
    const key = await its.make()
    const tokens = await tokensOf(its, key)
    const [here, there] = [await its.device(), await its.device()]
    const newPassword = 'another battery staple 8'
    const form = { current_password: password, new_password: newPassword }
    t.equal((await its.as(here, 'POST', '/me/password', { form })).status, 204)
    t.notOk(await its.works(there.access), 'the other device is signed out')
    await isGood(t, its, key, tokens, 'after the change')
    t.equal((await its.as(here, 'DELETE', '/me/sessions')).status, 204)
    await isGood(t, its, key, tokens, 'after the others were signed out')
    t.equal((await its.as(here, 'DELETE', '/me/sessions?all=true')).status, 204)
    t.notOk(await its.works(here.access))
    await isGood(t, its, key, tokens, 'after all were signed out')
  },
)

t.test('the exchanging client that is disabled or deleted ends what went through it, and not the key', async t => {
  const its = await machines(t)
  const key = await its.make()
  const [gateway, brokers] = (await tokensOf(its, key)) as [string, string]
  await its.json(['clients', 'disable', 'broker'])
  t.same([await its.works(gateway), await its.works(brokers)], [true, false])
  t.equal((await its.exchange(key.api_key, {}, broker)).body.error, 'invalid_client')
  await its.json(['clients', 'enable', 'broker'])
  const again = await its.given(key.api_key, {}, broker)
  await its.json(['clients', 'update', 'broker', '--audience', shop])
  t.notOk(await its.works(again), 'an audience is taken away')
  await its.json(['clients', 'delete', 'broker'])
  await isGood(t, its, key, [gateway], 'through the other client')
})

t.test('a key that was revoked while its token was being signed gives none', async t => {
  const its = await machines(t)
  const key = await its.make({ more: ['--audience', api] })
  const answers = await Promise.all([
    ...Array.from({ length: 6 }, () => its.exchange(key.api_key)),
    its.json(['api-keys', 'revoke', key.api_key_id]),
    ...Array.from({ length: 6 }, () => its.exchange(key.api_key, {}, broker)),
  ])
  for (const { status, body } of answers)
    if (status === 200) t.notOk(await its.works(body.access_token), 'given before, ended with it')
  await isOver(t, its, key, [], 'afterwards')
  const open = select(its.service.databaseFile, 'select id from sessions where ended_at_ms is null')
  t.same(open, [])
  await its.service.users.setStatus('alice', 'active', byTest)
  await isOver(t, its, key, [], 'also when somebody is enabled')
})

t.test('of a user who is deleted while a key is made, none is left that works', async t => {
  const { service, run, clock } = await machines(t)
  for (const username of ['u1', 'u2', 'u3', 'u4', 'u5']) {
    const { userId } = await service.users.add({ username, password, roles: [] }, byTest)
    const create = ['api-keys', 'create', '--user', username, '--name', 'ci', '--scope', 'posts:read']
    const [made, deleted, again] = await Promise.all([run(create), run(['users', 'delete', username]), run(create)])
    t.equal(deleted.code, 0)
    for (const { code, stderr } of [made, again])
      if (code !== 0) t.same([code, stderr], [1, 'There is no such user.\n'])
    const kept = select(service.databaseFile, 'select revoked_at_ms from credentials where owner_id = ?', userId)
    t.same(
      kept,
      kept.map(() => ({ revoked_at_ms: clock.now() })),
    )
  }
})
