import t from 'tap'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { countersOf, guessingAtAlice } from '../support/guessing.ts'
import { type Answer, basic, byTest, password, type Service, secret, serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

t.jobs = 3

const wrongSecret = (number: number): string => `a-wrong-client-secret-that-is-long-enough-${number}`

interface Asking {
  readonly client?: readonly [id: string, secret: string]
  readonly address?: string
}

const asks = (service: Service, form: Record<string, string>, { client = ['web-app', secret], address }: Asking) =>
  service.token(form, {
    headers: { authorization: basic(client), ...(address !== undefined && { 'x-forwarded-for': address }) },
  })

const signsIn = (service: Service, asking: Asking): Promise<Answer> =>
  asks(service, { grant_type: 'password', username: 'alice', password }, asking)

/** Each with another secret, until one is refused unseen. */
async function untilThrottled(service: Service, id = 'web-app', address?: string) {
  const answers: Answer[] = []
  while (answers.length < 100 && answers.at(-1)?.status !== 429)
    answers.push(await signsIn(service, { client: [id, wrongSecret(answers.length)], ...(address && { address }) }))
  return answers
}

t.test('after twenty wrong secrets an address is slowed down for the client, whatever it presents', async t => {
  const { service } = await guessingAtAlice(t)
  await addClient(service, { clientId: 'other' })
  const answers = await untilThrottled(service, 'web-app', '192.0.2.1')
  t.same(
    answers.map(({ status }) => status),
    [...Array.from({ length: 20 }, () => 401), 429],
  )
  const last = answers.at(-1)
  t.match(last?.body, { error: 'too_many_requests', error_description: String })
  t.match(last?.headers.get('retry-after'), /^[1-9]\d*$/)

  t.equal((await signsIn(service, { address: '192.0.2.1' })).status, 429, 'the right secret')
  const here = { authorization: basic(['web-app', secret]), 'x-forwarded-for': '192.0.2.1' }
  for (const path of ['/oauth/revoke', '/oauth/introspect'])
    t.equal((await service.get(path, { form: { token: 'x' }, headers: here })).status, 429, path)
  t.equal((await signsIn(service, { client: ['other', secret], address: '192.0.2.1' })).status, 200, 'another client')
  t.equal((await signsIn(service, { address: '192.0.2.2' })).status, 200, 'another address')
})

t.test('clients that exist, are disabled or never were are counted alike', async t => {
  const { service } = await guessingAtAlice(t)
  await addClient(service, { clientId: 'off' })
  await service.clients.setStatus('off', 'disabled', byTest)
  const statuses = async (clientId: string) =>
    (await untilThrottled(service, clientId)).map(({ status, text }) => [status, text])
  const known = await statuses('web-app')
  t.same(await statuses('nobody'), known)
  t.same(await statuses('off'), known)
})

t.test('of 200 secrets at once no more are compared than of one after the other', async t => {
  const { service } = await guessingAtAlice(t)
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, number) => signsIn(service, { client: ['web-app', wrongSecret(number)] })),
  )
  t.equal(answers.filter(({ status }) => status === 401).length, 20)
  t.equal(answers.filter(({ status }) => status === 429).length, 180)
})

t.test(
  'a secret is tried as it stands and form-urldecoded, which is one guess; spelt in another way it is another one',
  async t => {
    const { service } = await guessingAtAlice(t)
    const spelt = (number: number) =>
      wrongSecret(0).replaceAll(/./g, (letter, at) =>
        (number >> at) & 1 ? `%${letter.charCodeAt(0).toString(16)}` : letter,
      )
    const asksWith = (value: string) => {
      const authorization = `Basic ${Buffer.from(`web-app:${value}`).toString('base64')}`
      return service.token({ grant_type: 'password', username: 'alice', password }, { headers: { authorization } })
    }
    const statuses: number[] = []
    for (let number = 0; number <= 20; number += 1) statuses.push((await asksWith(spelt(number))).status)
    t.same(statuses, [...Array.from({ length: 20 }, () => 401), 429])
  },
)

t.test('a client that says only who it is makes no guess, and is not slowed down by those of others', async t => {
  const { service } = await guessingAtAlice(t)
  const namesOnly = () => signsIn(service, { client: ['web-app', ''] })
  for (let asked = 0; asked < 50; asked += 1) t.equal((await namesOnly()).status, 401)
  t.same(countersOf(service), [])
  t.equal((await signsIn(service, {})).status, 200)
  t.equal((await untilThrottled(service)).length, 21)
  t.equal((await namesOnly()).status, 401, 'as it is by client_id alone')
})

t.test('twenty addresses with wrong secrets stop neither sign-ins nor refreshes of the client', async t => {
  const { service } = await guessingAtAlice(t)
  const { refresh_token } = (await signsIn(service, { address: '192.0.2.1' })).body
  for (let address = 1; address <= 20; address += 1)
    await Promise.all(
      Array.from({ length: 21 }, (_, number) =>
        signsIn(service, { client: ['web-app', wrongSecret(number)], address: `198.51.100.${address}` }),
      ),
    )
  t.equal((await signsIn(service, { address: '198.51.100.7' })).status, 429)
  t.equal((await signsIn(service, { address: '192.0.2.1' })).status, 200)
  t.equal((await asks(service, { grant_type: 'refresh_token', refresh_token }, { address: '192.0.2.1' })).status, 200)
})

t.test('a replica that repeats an old secret does not stop the others behind its address', async t => {
  const { service } = await guessingAtAlice(t)
  const old = await Promise.all(
    Array.from({ length: 100 }, () => signsIn(service, { client: ['web-app', wrongSecret(0)] })),
  )
  t.ok(old.every(({ status }) => status === 401))
  t.equal((await signsIn(service, {})).status, 200)
})

t.test('what one instance has counted, another one follows, and so it is after a restart', async t => {
  const { service } = await guessingAtAlice(t)
  await untilThrottled(service)
  const second = await serve(t, { folder: service.folder })
  t.equal((await signsIn(second, { client: ['web-app', wrongSecret(100)] })).status, 401, 'the first failure there')
  t.equal((await signsIn(second, {})).status, 429)
})

t.test('a good authentication counts nothing and writes nothing', async t => {
  const clock = testClock()
  const { service } = await guessingAtAlice(t, { clock })
  await signsIn(service, {})
  const counted = () => countersOf(service)
  t.same(counted(), [])
  await signsIn(service, { client: ['web-app', wrongSecret(0)] })
  await signsIn(service, {})
  t.match(counted(), [{ points: 1 }])
})

t.test('a throttled authentication is in the audit', async t => {
  const { service } = await guessingAtAlice(t)
  await untilThrottled(service)
  await service.stop()
  t.match(
    select(
      service.databaseFile,
      "select reason, count, client_id from audit_events where type = 'client.authenticate' order by rowid",
    ),
    [
      { reason: 'wrong_secret', count: 1, client_id: /^client_/ },
      { reason: 'throttled', count: 1, client_id: /^client_/ },
      { reason: 'wrong_secret', count: 19 },
    ],
  )
})
