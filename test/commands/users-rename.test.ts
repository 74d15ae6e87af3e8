/** Users are renamed, and a name that somebody had goes to nobody else by mistake. */
import t from 'tap'
import { commandLine, type Refused } from '../support/command-line.ts'
import { attempt, guessingAtAlice, untilThrottled } from '../support/guessing.ts'
import { scene } from '../support/scene.ts'
import { byTest, environmentOf, password, secret, temporaryFolder } from '../support/serve.ts'
import { copyStartedFolder } from '../support/started-folder.ts'

// Each has a database of its own.
t.jobs = 2

const add = (name: string, ...more: readonly string[]) => ['users', 'add', '--password-stdin', ...more, '--', name]
const rename = (from: string, to: string, ...more: readonly string[]) => ['users', 'rename', ...more, '--', from, to]

const wasAnothers = /^Another user had this name\. Mail servers.* use --reuse-name\.\n$/
const taken = /^There is a user with this name already\.\n$/
const isRefused = (words: readonly string[], says: RegExp): Refused => ({ words, input: password, code: 1, says })

t.test(
  'a renamed user goes on with every session, under the new name everywhere, and signs in by that alone',
  async t => {
    const { service, userId, attempt: signsIn, device, refreshed, introspect, as } = await scene(t)
    const { json, text } = await commandLine(t, service.environment)
    const before = await device()
    const { last_sign_in: _, ...shown } = await json(['users', 'show', 'alice'])
    t.strictSame(await json(rename('alice', 'Alice Liddell')), { ...shown, username: 'Alice Liddell' })
    t.equal((await introspect(before.access)).body.username, 'Alice Liddell')
    t.equal((await as(before, 'GET', '/me')).body.username, 'Alice Liddell')
    t.equal((await introspect(before.refreshToken, ['account', secret])).body.username, 'Alice Liddell')
    t.equal((await refreshed(before)).sid, before.sid)
    t.equal((await signsIn({ username: 'alice liddell' })).status, 200)
    t.equal((await signsIn({ username: 'alice' })).status, 400)
    t.match(await json(['users', 'show', 'alice liddell']), { ...shown, username: 'Alice Liddell' })
    t.match(await json(['sessions', 'list', '--user', 'Alice Liddell']), [{ user_id: userId }, { user_id: userId }])
    t.match(await text(rename('Alice Liddell', 'al')), /^Renamed al {2}user_[0-9a-f]{32} {2}active {2}editor\n$/)
  },
)

t.test('a name is given to one, and one that somebody had to nobody else without --reuse-name', async t => {
  const folder = temporaryFolder(t)
  await copyStartedFolder(folder, Date.now())
  const { json, refuses } = await commandLine(t, await environmentOf(folder))
  const [ann, bob] = [await json(add('ann'), password), await json(add('bob'), password)]
  await json(add('gone'), password)
  await json(['users', 'delete', 'gone'])
  await json(rename('ann', 'anna'))
  await refuses([
    isRefused(rename('bob', 'ANNA'), taken),
    isRefused(add('Anna'), taken),
    ...['ann', 'ANN', 'ａｎｎ', 'gone'].flatMap(name => [
      isRefused(add(name), wasAnothers),
      isRefused(rename('bob', name), wasAnothers),
    ]),
    isRefused(rename('bob', ' b'), /white space/),
    isRefused(rename('bob', ''), /empty/),
    isRefused(rename('ann', 'x'), /^There is no such user\.\n$/),
    isRefused(rename('gone', 'x'), /^There is no such user\.\n$/),
    { words: ['users', 'rename', 'bob'], code: 2, says: /missing required argument 'new-name'/ },
  ])
  t.match(await json(['users', 'list']), [
    { user_id: ann.user_id, username: 'anna' },
    { user_id: bob.user_id, username: 'bob' },
  ])

  t.equal((await json(rename('anna', 'Ann'))).user_id, ann.user_id, 'what one had oneself')
  t.equal((await json(rename('ANN', 'ANN'))).username, 'ANN', 'another spelling')
  t.equal((await json(rename('ann', 'ann', '--reuse-name'))).username, 'ann')
  await refuses([isRefused(add('anna'), wasAnothers)])
  const second = await json(add('anna', '--reuse-name'), password)
  t.not(second.user_id, ann.user_id)
  await refuses([isRefused(rename('ann', 'anna', '--reuse-name'), taken)])
  t.equal((await json(rename('anna', 'ANNA'))).username, 'ANNA', 'another spelling of a name that two had')
  await json(rename('anna', 'gone', '--reuse-name'))
  await refuses([isRefused(rename('ann', 'anna'), wasAnothers)])
  await json(['users', 'delete', 'gone'])
  await refuses([isRefused(add('gone'), wasAnothers), isRefused(add('anna'), wasAnothers)])
  t.equal((await json(add('gone', '--reuse-name'), password)).status, 'active')
})

t.test(
  'of two who take one name at once one gets it, whether it is added or another user is renamed to it',
  async t => {
    const { service } = await scene(t)
    const { users } = service
    for (let round = 0; round < 15; round += 1) {
      const [one, other, name] = [`one-${round}`, `other-${round}`, `name-${round}`]
      for (const username of [one, other]) await users.add({ username, password, roles: [] }, byTest)
      const outcomes = await Promise.allSettled([
        users.rename(one, { username: name }, byTest),
        users.rename(other, { username: name.toUpperCase() }, byTest),
        users.add({ username: name, password, roles: [] }, byTest),
      ])
      t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') t.match(outcome.reason, { name: 'AccountError', code: 'already_exists' })
      const all = (await users.list({ namePart: `-${round}` })).filter(({ username }) => username.endsWith(`-${round}`))
      t.equal(all.filter(({ username }) => username.toLowerCase() === name).length, 1)
    }
  },
)

t.test('a name that is given up and asked for in the same moment is not given to another', async t => {
  const { service } = await scene(t)
  const { users } = service
  for (let round = 0; round < 15; round += 1) {
    const [name, next] = [`name-${round}`, `next-${round}`]
    const { userId } = await users.add({ username: name, password, roles: [] }, byTest)
    await Promise.allSettled([
      users.rename(name, { username: next }, byTest),
      users.add({ username: name, password, roles: [] }, byTest),
      users.add({ username: name, password, roles: [] }, byTest),
    ])
    t.equal((await users.find(next)).userId, userId)
    await t.rejects(users.find(name), { code: 'not_found' })
  }
})

t.test('the audit tells of a rename without a name in it, and finds the user by all the names there were', async t => {
  const { clock, service, userId, attempt: signsIn } = await scene(t)
  const { json, run } = await commandLine(t, service.environment, clock)
  const acts = [
    () => signsIn({ username: 'al' }),
    () => signsIn(),
    () => json(rename('alice', 'al')),
    () => signsIn({ username: 'al' }),
    () => signsIn({ username: 'alice' }),
  ]
  for (const act of acts) {
    clock.advance(1000)
    await act()
    await service.writeEvents()
  }
  const listed = async (name: string): Promise<Record<string, unknown>[]> => json(['audit', 'list', '--user', name])
  const inShort = (events: readonly Record<string, unknown>[]) =>
    events.slice(2).map(({ type, outcome, reason }) => [type, outcome, reason].filter(word => word !== null).join(' '))
  const [unknown, signIn, renamed] = [
    'user.sign_in failure unknown_user',
    'user.sign_in success',
    'user.rename success',
  ]
  const byOld = await listed('alice')
  const byNew = await listed('al')
  t.strictSame(inShort(byOld), [signIn, renamed, signIn, unknown])
  t.strictSame(inShort(byNew), [unknown, signIn, renamed, signIn])
  const event = byOld.find(({ type }) => type === 'user.rename') ?? {}
  t.match(event, { user_id: userId, username: 'al', name_hash: byOld.at(-1)?.['name_hash'] })
  t.equal(event['target'], byNew.find(({ reason }) => reason === 'unknown_user')?.['name_hash'])
  const { stdout } = await run(['audit', 'list', '--wide', '--type', 'user.rename'])
  t.match(stdout, /ok {6}user\.rename .* user=al {2}name=former:[\w-]{12} {2}target=[\w-]{43} {2}by=operator:/)
  t.notMatch(stdout, /alice/)
})

t.test('what was guessed at a name stays with the name', async t => {
  const { service } = await guessingAtAlice(t)
  const { json } = await commandLine(t, service.environment)
  await untilThrottled(service)
  await json(rename('alice', 'al'))
  t.equal((await attempt(service, { username: 'alice', password })).status, 429)
  t.equal((await attempt(service, { username: 'al', password })).status, 200)
})
