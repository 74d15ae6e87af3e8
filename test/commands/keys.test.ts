/** `signet keys` beside a running service, which follows by itself. */
import { mkdirSync } from 'node:fs'
import t from 'tap'
import { commandLine, inParallel, isoTime } from '../support/command-line.ts'
import { keyCommands } from '../support/key-commands.ts'
import { DAY, keyIn } from '../support/signing-keys.ts'
import { change } from '../support/sqlite.ts'
import { unwrapped } from '../support/unwrapped.ts'

// Each has a service of its own.
t.jobs = 2

t.test('list shows each key with its state, its times and why, in exactly these members', async t => {
  const { list, where, publishedKids } = await keyCommands(t)
  const [active, pending] = [keyIn(where, 'active'), keyIn(where, 'pending')]
  const time = (milliseconds: number) => new Date(milliseconds).toISOString()
  const created_at = time(active.created_at_ms)
  const common = { since: created_at, cause: 'first_key', created_at, retires_at: null }
  const keys = await list()
  const byState = Object.fromEntries(keys.map(key => [key.state, key]))
  t.strictSame(byState, {
    active: { ...common, kid: active.kid, state: 'active', ready_at: created_at, activates_at: created_at },
    pending: {
      ...common,
      ...{ kid: pending.kid, state: 'pending', since: time(pending.since_ms), created_at: time(pending.created_at_ms) },
      ready_at: time(pending.created_at_ms + DAY),
      activates_at: time(active.since_ms + 90 * DAY),
    },
  })
  t.strictSame(keys.map(({ kid }) => kid).sort(), await publishedKids())
})

t.test('list has the key that signs before the standby, also when both were made in the same millisecond', async t => {
  const { list, where } = await keyCommands(t)
  for (const [active, pending] of [
    ['a', 'b'],
    ['d', 'c'],
  ] as const) {
    const set = `created_at_ms = 1, kid = case state when 'active' then '${active}' else '${pending}' end`
    change(where.databaseFile, `update signing_keys set ${set}`)
    t.strictSame(
      (await list()).map(({ kid }) => kid),
      [active, pending],
    )
  }
})

t.test('without a rotation that is planned, list says from when on the standby may sign', async t => {
  const { list, text, where } = await keyCommands(t, { SIGNET_KEY_ROTATION_INTERVAL: 'off' })
  const { kid, activates_at_ms } = keyIn(where, 'pending')
  t.match(
    (await list()).find(key => key.kid === kid),
    { activates_at: null },
  )
  t.match(await text(['keys', 'list', '--wide']), `may sign ${new Date(activates_at_ms).toISOString()}`)
})

t.test('rotate before the lead has passed plans it and says when; nothing else changes', async t => {
  const { json, text, list, where, signedBy, publishedKids } = await keyCommands(t)
  const [active, pending] = [keyIn(where, 'active'), keyIn(where, 'pending')]
  const [before, published] = [await list(), await publishedKids()]
  const activates_at = new Date(pending.activates_at_ms).toISOString()
  t.strictSame(await json(['keys', 'rotate']), { kid: pending.kid, state: 'pending', activates_at })
  t.equal(
    unwrapped(await text(['keys', 'rotate'])),
    `${pending.kid} signs from ${activates_at} on, while a server runs\n`,
    'asking again changes nothing',
  )
  t.strictSame(
    await list(),
    before.map(key => (key.kid === pending.kid ? { ...key, activates_at } : key)),
  )
  t.strictSame(await publishedKids(), published)
  t.equal(await signedBy(), active.kid)
})

t.test('rotate when the standby is ready does it, and the running service follows within 2 seconds', async t => {
  const { json, list, where, makeReady, follows, publishedKids } = await keyCommands(t)
  const [active, pending] = [keyIn(where, 'active').kid, keyIn(where, 'pending').kid]
  makeReady()
  t.match(await json(['keys', 'rotate']), { kid: pending, state: 'active', activates_at: isoTime })
  await follows(t)
  const retiring = (await list()).find(({ state }) => state === 'retiring')
  t.match(retiring, { kid: active, cause: 'rotation_asked', retires_at: isoTime })
  t.ok((await publishedKids()).includes(active))
  t.match(
    (await list()).find(({ state }) => state === 'active'),
    { kid: pending, activates_at: new Date(keyIn(where, 'active').since_ms).toISOString() },
    'it signs since the rotation',
  )
})

t.test('rotate and revoke say that there are no keys yet where no service has run', async t => {
  const { environment, refuses, json } = await commandLine(t)
  mkdirSync(environment['SIGNET_KEYS_DIR'] ?? '', { mode: 0o700 })
  const says = /There are no signing keys yet: signet serve makes the first ones/
  await refuses([
    { words: ['keys', 'rotate'], code: 1, says },
    { words: ['keys', 'revoke', 'unknown', '--reason', 'test'], code: 1, says },
    { words: ['keys', 'revoke', '--all', '--reason', 'test'], code: 1, says },
  ])
  t.strictSame(await json(['keys', 'list']), [], 'and make none')
})

t.test('every command about keys has --help', async t => {
  const { text } = await commandLine(t)
  const helps = [['keys'], ...['list', 'rotate', 'revoke'].map(verb => ['keys', verb])]
  await inParallel(helps, async words => t.match(await text([...words, '--help']), /^Usage: signet keys/))
})
