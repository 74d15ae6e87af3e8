/** How many secrets a client may have, and what they may be called. */
import t from 'tap'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { commandLine, inParallel, isoTime } from '../support/command-line.ts'
import { byTest, serve } from '../support/serve.ts'

const MOST = 20
const tooMany = /^A client has at most 20 secrets that work: remove one that is no longer used first\.\n$/

t.test('a client has at most 20 secrets that work, however many are added at once', async t => {
  const { json, run, refuses } = await commandLine(t)
  await json(['clients', 'add', 'web-app'])
  await json(['clients', 'add', 'other'])
  const ran = await inParallel([...Array(MOST + 5).keys()], () => run(['clients', 'add-secret', 'web-app', '--json']))
  t.equal(ran.filter(({ code }) => code === 0).length, MOST - 1, 'and the first, which came with the client')
  for (const { stderr } of ran.filter(({ code }) => code !== 0)) t.match(stderr, tooMany)
  const { secrets } = await json(['clients', 'show', 'web-app'])
  t.equal(secrets.length, MOST)
  await refuses([{ words: ['clients', 'add-secret', 'web-app'], code: 1, says: tooMany }])
  await json(['clients', 'add-secret', 'other'])

  await json(['clients', 'remove-secret', 'web-app', secrets[7].id])
  await json(['clients', 'add-secret', 'web-app'])
  await refuses([{ words: ['clients', 'add-secret', 'web-app'], code: 1, says: tooMany }])
  t.equal((await json(['clients', 'show', 'web-app'])).secrets.length, MOST, 'one for one that was removed')
})

t.test('secrets that have expired do not count, from the millisecond on', async t => {
  const clock = testClock()
  const service = await serve(t, { clock })
  await addClient(service, { clientId: 'web-app' })
  const one = (ttlSeconds: number | undefined) =>
    service.clients.addSecret('web-app', { name: undefined, secret: undefined, ttlSeconds }, byTest)
  for (let made = 1; made < MOST; made += 1) await one(made === 5 ? 60 : undefined)
  clock.advance(59_999)
  await t.rejects(one(undefined), { name: 'AccountError', code: 'limit_reached' })
  clock.advance(1)
  await one(undefined)
  await t.rejects(one(undefined), { name: 'AccountError', code: 'limit_reached' })
})

t.test('the name of a secret is one line that a terminal shows and does not obey', async t => {
  const { json, run } = await commandLine(t)
  await json(['clients', 'add', 'web-app'])
  const says = /^The name of a secret has 1 to 64 printable characters, and no space at its beginning or end\.\n$/
  const bad = {
    'an empty one': '',
    'one that is too long': 'x'.repeat(65),
    'a space at the beginning': ' next',
    'a space at the end': 'next ',
    'a line break': 'next\nlast',
    'an escape sequence': 'next\x1b[2J',
    'a control character of one byte in 8-bit terminals': 'next\u009b2J',
    'a bell': '\x07',
    'a delete': 'next\x7f',
    'what turns the direction of writing': 'next\u202etxen',
    'a line separator': 'next\u2028last',
    'what is invisible': 'next\u200b',
  }
  // Not by `refuses`, whose titles would say the names.
  await inParallel(Object.entries(bad), async ([title, name]) => {
    const { code, stdout, stderr } = await run(['clients', 'add-secret', 'web-app', '--name', name])
    t.match({ code, stdout, stderr }, { code: 1, stdout: '', stderr: says }, title)
  })
  t.equal((await json(['clients', 'show', 'web-app'])).secrets.length, 1)
  for (const name of ['x', 'x'.repeat(64), '😀'.repeat(64), "Ünïcode, billing's 2nd (2031-01)", '日本語']) {
    const { secret_id, secrets } = await json(['clients', 'add-secret', 'web-app', `--name=${name}`])
    t.equal(secrets.find(({ id }: { id: string }) => id === secret_id).name, name)
  }
})

t.test('the answers of add-secret and remove-secret have the members that scripts rely on', async t => {
  const { json } = await commandLine(t)
  const { secret_id: first, client_secret: _, ...client } = await json(['clients', 'add', 'web-app'])
  const words = ['clients', 'add-secret', 'web-app', '--name', 'next', '--expires', '90d']
  const { client_secret, secret_id, ...added } = await json(words)
  t.match([client_secret, secret_id], [/^[\w-]{43}$/, /^secret_[0-9a-f]{32}$/])
  const [older, newer] = added.secrets
  t.match(newer, { id: secret_id, name: 'next', created_at: isoTime, expires_at: isoTime, last_used_at: null })
  t.strictSame(Object.keys(newer), ['id', 'name', 'created_at', 'expires_at', 'last_used_at'])
  t.strictSame(added, { ...client, secrets: [older, newer] })
  t.equal(older.id, first)
  t.strictSame(await json(['clients', 'remove-secret', 'web-app', first]), { ...client, secrets: [newer] })
})
