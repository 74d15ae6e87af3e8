/** How many tokens a client may be issued in a minute, and one subject through it. */
import t, { type Test } from 'tap'
import { EXCHANGE } from '../support/asking-machines.ts'
import { addClient } from '../support/clients.ts'
import { isError } from '../support/error-shape.ts'
import { machines } from '../support/machines.ts'
import { type Answer, api, byTest, type ServeOptions, secret, serve } from '../support/serve.ts'
import { everythingIn } from '../support/sqlite.ts'
import { stillDate } from '../support/still-date.ts'

// Each has a service of its own.
t.jobs = 2
stillDate(t)

const limited = [429, 'too_many_requests'] as const

/** Machines beside `limited`, a client that may have every grant, and so many tokens a minute. */
async function stage(t: Test, grantsPerMinute: { client: number; subject: number | null }, options: ServeOptions = {}) {
  const its = await machines(t, options)
  const grants = ['password', 'refresh_token', 'client_credentials', EXCHANGE]
  await addClient(its.service, { clientId: 'limited', grants, audiences: [api], grantsPerMinute })
  const { id } = await its.service.clients.find('limited')
  const client = ['limited', secret] as const
  await its.fresh()
  return {
    ...its,
    id,
    signIn: (username = 'alice') => its.attempt({ username, clientId: 'limited' }),
    again: (token: string) => its.refresh(token, { clientId: 'limited' }),
    askItself: () => its.ask({}, 'limited'),
    trade: (key: string) => its.exchange(key, {}, { client }),
    /** `reason` of the failures that were appended since the last look. */
    async refusals() {
      const rows = await its.fresh()
      return rows.filter(({ outcome }) => outcome === 'failure').map(row => [row.type, row.reason, row.user_id])
    },
    /** Refused, and nothing was consumed or done. */
    async isRefused(act: () => Promise<Answer>): Promise<void> {
      const before = everythingIn(its.service.databaseFile)
      const answer = await act()
      isError(t, answer, limited)
      t.equal(answer.headers.get('retry-after'), '60')
      t.same(everythingIn(its.service.databaseFile), before)
    },
  }
}

t.test('every grant of the client counts, and what is beyond is refused before anything is consumed', async t => {
  const its = await stage(t, { client: 4, subject: null })
  const { api_key: key } = await its.make()
  const session = (await its.signIn()).body
  t.equal((await its.askItself()).status, 200)
  t.equal((await its.trade(key)).status, 200)
  const next = (await its.again(session.refresh_token)).body
  t.ok(next.access_token)
  await its.fresh()
  for (const act of [() => its.signIn('bob'), () => its.again(next.refresh_token), its.askItself, () => its.trade(key)])
    await its.isRefused(act)
  const bob = (await its.service.users.find('bob')).userId
  t.same(await its.refusals(), [
    ['user.sign_in', 'rate_limited', bob],
    ['session.refresh', 'rate_limited', its.userId],
    ['client.grant', 'rate_limited', null],
    ['api_key.exchange', 'rate_limited', its.userId],
  ])
  t.equal((await its.attempt({ clientId: 'account' })).status, 200, 'other clients are not limited')
  await its.service.clients.update('limited', { grantsPerMinute: null }, byTest)
  t.equal((await its.again(next.refresh_token)).status, 200, 'the refresh token was not rotated')
})

t.test('a subject that has had enough takes nothing from the others', async t => {
  const its = await stage(t, { client: 5, subject: 2 })
  const { api_key: key } = await its.make()
  const { refresh_token: token } = (await its.signIn()).body
  t.equal((await its.trade(key)).status, 200, 'the key of alice is hers')
  for (const _ of [1, 2, 3]) {
    await its.isRefused(() => its.signIn())
    await its.isRefused(() => its.again(token))
    await its.isRefused(() => its.trade(key))
  }
  for (const _ of [1, 2]) t.equal((await its.signIn('bob')).status, 200)
  await its.isRefused(() => its.signIn('bob'))
  t.equal((await its.askItself()).status, 200, 'for itself the client is the subject')
  await its.isRefused(its.askItself)
})

t.test('a refresh whose answer was lost is repeated, though no new one is given', async t => {
  const its = await stage(t, { client: 2, subject: 2 })
  const { refresh_token: token } = (await its.signIn()).body
  const { refresh_token: next } = (await its.again(token)).body
  for (const _ of [1, 2]) {
    const answer = await its.again(token)
    t.same([answer.status, answer.body.refresh_token], [200, next])
  }
  await its.isRefused(() => its.again(token))
  await its.isRefused(() => its.again(next))
  await its.service.clients.update('limited', { grantsPerMinute: null }, byTest)
  t.equal((await its.again(next)).status, 200, 'the session goes on')
})

t.test('what is refused for another reason counts for nothing, nor does a wrong client secret', async t => {
  const its = await stage(t, { client: 1, subject: 1 })
  for (const _ of [1, 2, 3]) {
    isError(t, await its.ask({ scope: 'none:such' }, 'limited'), [400, 'invalid_scope'])
    isError(t, await its.attempt({ clientId: 'limited', password: 'wrong' }), [400, 'invalid_grant'])
  }
  const wrong = ['limited', `${secret}x`] as const
  isError(t, await its.service.token({ grant_type: 'client_credentials' }, { client: wrong }), [401, 'invalid_client'])
  t.equal((await its.signIn()).status, 200)
  await its.isRefused(() => its.signIn())
})

t.test('of many at once exactly as many are given, by all instances together', async t => {
  const one = await stage(t, { client: 20, subject: null })
  const other = await serve(t, { folder: one.service.folder, clock: one.clock })
  const form = { grant_type: 'client_credentials' }
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      (n % 2 === 0 ? one.service : other).token(form, { client: ['limited', secret] }),
    ),
  )
  const statuses = Object.groupBy(answers, ({ status }) => String(status))
  t.same(
    Object.entries(statuses).map(([status, all]) => [status, all?.length]),
    [
      ['200', 20],
      ['429', 40],
    ],
  )
})

t.test('a request that runs again counts once', async t => {
  let changes = 0
  const its = await stage(
    t,
    { client: 2, subject: 2 },
    {
      faults: {
        signer: ({ kid, sign }) => ({
          kid,
          async sign(input) {
            if (changes > 0) {
              changes -= 1
              await its.service.clients.update('limited', { accessTokenTtlSeconds: 300 + changes }, byTest)
            }
            return sign(input)
          },
        }),
      },
    },
  )
  const { refresh_token: token } = (await its.signIn()).body
  changes = 2
  t.equal((await its.again(token)).status, 200)
  t.equal(changes, 0, 'it ran three times')
  await its.isRefused(its.signIn)
})
