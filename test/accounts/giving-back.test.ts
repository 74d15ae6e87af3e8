/** What a right password counted as an attempt is given back before it is answered, whatever the answer is. */
import pg from 'pg'
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { isOnPostgres } from '../support/environment.ts'
import { countersOf, guessingAtAlice, wrong } from '../support/guessing.ts'
import { createHold } from '../support/hold.ts'
import { type Answer, byTest, password, request, type Service, signIn } from '../support/serve.ts'
import { stillDate } from '../support/still-date.ts'

const skip = !isOnPostgres() && 'SQLite gives back at once: nothing can come in between'
stillDate(t)

/** More than enough for an answer that waits for nothing. */
const REQUESTS = 5

/** A service at which alice signs in, and a place where what gives back can be stopped on its way to PostgreSQL. */
async function stage(t: Test) {
  const hold = createHold()
  const { prototype } = pg.Client
  // biome-ignore lint/suspicious/noExplicitAny: whatever the driver takes
  const send: (...args: any[]) => Promise<unknown> = prototype.query
  t.intercept(prototype, 'query', {
    configurable: true,
    writable: true,
    value(this: pg.Client, query: string | pg.QueryConfig, ...more: unknown[]) {
      const text = typeof query === 'string' ? query : query.text
      const begin = () => send.call(this, query, ...more)
      return /^delete from "?attempt_counters"? where key = /i.test(text) ? hold.pass(begin) : begin()
    },
  })
  let isAway = false
  const setAway = (is: boolean) => {
    isAway = is
  }
  const write: Faults['write'] = real => (work, size) =>
    isAway ? Promise.reject(new StorageUnavailable('Away.')) : real(work, size)
  const { service } = await guessingAtAlice(t, { faults: { write } })

  /** Does `act` while what a right password counted is not given back. */
  async function beforeGivenBack(ask: () => Promise<Answer>, act: (isAnswered: () => boolean) => Promise<unknown>) {
    hold.close()
    let isAnswered = false
    const answer = ask().finally(() => {
      isAnswered = true
    })
    await hold.waiting(1)
    await act(() => isAnswered)
    hold.open()
    return answer
  }

  return { service, beforeGivenBack, setAway }
}

const changePassword = (service: Service, access: string): Promise<Answer> =>
  service.get('/me/password', {
    form: { current_password: password, new_password: 'another battery staple 10' },
    headers: { authorization: `Bearer ${access}` },
  })

t.test('a right password is answered when it no longer counts', { skip }, async t => {
  const { service, beforeGivenBack, setAway } = await stage(t)
  const { clients, users } = service
  const carol = { username: 'carol' }
  await users.add({ ...carol, password, roles: [] }, byTest)
  await clients.update('web-app', { audiences: [service.issuer] }, byTest)
  const { access_token: access } = (await signIn(service)).body
  async function useUpLimit() {
    await clients.update('web-app', { grantsPerMinute: { client: 1, subject: null } }, byTest)
    await signIn(service, carol)
  }
  const cases: readonly (readonly [string, number, () => Promise<Answer>, (() => unknown)?])[] = [
    ['a token', 200, () => signIn(service)],
    ['a scope beyond the roles', 400, () => signIn(service, { ...carol, scope: 'posts:read' })],
    ['a write that fails', 503, () => signIn(service), () => setAway(true)],
    ['a change of the password', 204, () => changePassword(service, access), () => setAway(false)],
    ['a limit of the client', 429, () => signIn(service, carol), useUpLimit],
  ]
  for (const [name, status, ask, prepare] of cases) {
    await prepare?.()
    const answer = await beforeGivenBack(ask, async isAnswered => {
      for (let asked = 0; asked < REQUESTS; asked += 1) await request(`${service.management}/readyz`)
      t.equal(isAnswered(), false, name)
    })
    t.equal(answer.status, status, name)
    const left = countersOf(service).filter(({ key }) => key.startsWith('account'))
    t.same(left, [], name)
  }
})

t.test('until it is given back, the others are told to come back at once, not in minutes', { skip }, async t => {
  const { service, beforeGivenBack } = await stage(t)
  for (let number = 0; number < 9; number += 1) await signIn(service, { password: wrong(number) })
  const again = () => signIn(service)
  const answer = await beforeGivenBack(again, async () => {
    const { status, headers } = await again()
    t.strictSame([status, headers.get('retry-after')], [429, '1'])
  })
  t.equal(answer.status, 200)
  t.equal((await again()).status, 200)
})
