import t from 'tap'
import type { Status } from '../../src/records/standing.ts'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { createHold, during, type Hold } from '../support/hold.ts'
import { operatorBeside } from '../support/operator.ts'
import { addAlice, byTest, password, secret, serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

const [hashing, signing, clock] = [createHold(), createHold(), testClock()]
const service = await serve(t, {
  clock,
  faults: {
    hasher: inner => ({ hash: inner.hash, verify: (stored, value) => hashing.pass(() => inner.verify(stored, value)) }),
    signer: inner => ({ kid: inner.kid, sign: input => signing.pass(() => inner.sign(input)) }),
  },
})
await addAlice(service)
const { users, clients } = await operatorBeside(t, service, clock)

interface Parties {
  readonly username: string
  readonly clientId: string
  readonly secretId: string
}

let made = 0
/** A user and a client that no other case knows. */
async function parties(): Promise<Parties> {
  made += 1
  const [username, clientId] = [`user-${made}`, `client-${made}`]
  await users.add({ username, password, roles: ['editor'] }, byTest)
  const { secretId = '' } = await addClient(service, { clientId })
  await clients.addSecret(clientId, { name: undefined, secret: `${secret}-2`, ttlSeconds: 3600 }, byTest)
  return { username, clientId, secretId }
}

const signIn = ({ username, clientId }: Parties, clientSecret = secret) =>
  service.token({ grant_type: 'password', username, password }, { client: [clientId, clientSecret] })
const refresh = ({ clientId }: Parties, token: string, clientSecret = secret) =>
  service.token({ grant_type: 'refresh_token', refresh_token: token }, { client: [clientId, clientSecret] })

const sessionsOf = ({ clientId }: Parties) =>
  select(
    service.databaseFile,
    'select sessions.* from sessions join clients on clients.id = sessions.client_id where clients.client_id = ?',
    clientId,
  )

const wrongPassword = '{"error":"invalid_grant","error_description":"The username or the password is wrong."}'
const badToken =
  '{"error":"invalid_grant","error_description":"The refresh token is unknown, expired, revoked or was already used."}'
const badClient =
  '{"error":"invalid_client","error_description":"The client is unknown, or its authentication is missing or wrong."}'

type Act = (who: Parties) => Promise<unknown>
const setUser = (status: Status) => (who: Parties) => users.setStatus(who.username, status, byTest)
const setClient = (status: Status) => (who: Parties) => clients.setStatus(who.clientId, status, byTest)

const actsOnTheUser: Readonly<Record<string, Act>> = {
  'the user is disabled': setUser('disabled'),
  'the user is deleted': setUser('deleted'),
  'the user is deleted and the name is given to another with the same password': async who => {
    await setUser('deleted')(who)
    await users.add({ username: who.username, password, roles: ['editor'], reusesName: true }, byTest)
  },
  'the password is changed': who => users.setPassword(who.username, 'another battery staple 8', byTest),
  'the password is set again to the same one': who => users.setPassword(who.username, password, byTest),
}

const actsOnTheClient: Readonly<Record<string, Act>> = {
  'the client is disabled': setClient('disabled'),
  'the client is deleted': setClient('deleted'),
  'the client is deleted and added again with the same secret': async who => {
    await setClient('deleted')(who)
    await addClient(service, { clientId: who.clientId })
  },
  'the secret is removed': who => clients.removeSecret(who.clientId, who.secretId, byTest),
}

const moments: Readonly<Record<string, Hold>> = { 'being hashed': hashing, 'being signed': signing }
for (const [moment, hold] of Object.entries(moments)) {
  t.test(`a sign-in that is ${moment} gets no session and no token when meanwhile`, async t => {
    const acts = { ...actsOnTheUser, ...actsOnTheClient }
    for (const [name, act] of Object.entries(acts)) {
      await t.test(name, async t => {
        const who = await parties()
        const answer = await during(
          hold,
          () => signIn(who),
          () => act(who),
        )
        t.equal(answer.text, name in actsOnTheUser ? wrongPassword : badClient)
        t.equal(answer.status, name in actsOnTheUser ? 400 : 401)
        t.same(sessionsOf(who), [], 'nothing is written')
      })
    }
  })
}

t.test('a refresh that is being signed rotates nothing and gets no token when meanwhile', async t => {
  for (const [name, act] of Object.entries({ ...actsOnTheUser, ...actsOnTheClient })) {
    await t.test(name, async t => {
      const who = await parties()
      const { refresh_token } = (await signIn(who)).body
      const answer = await during(
        signing,
        () => refresh(who, refresh_token),
        () => act(who),
      )
      t.equal(answer.text, name in actsOnTheUser ? badToken : badClient)
      t.match(sessionsOf(who), [{ rotated_at_ms: null, previous_hash: null }], 'nothing is rotated')
      const left = name === 'the secret is removed' ? 200 : 400
      if (name in actsOnTheUser || left === 200) {
        t.equal((await refresh(who, refresh_token, `${secret}-2`)).status, left, 'the session afterwards')
      }
    })
  }
})

t.test('a secret that expires while the password is hashed gives no session', async t => {
  const who = await parties()
  const answer = await during(
    hashing,
    () => signIn(who, `${secret}-2`),
    async () => clock.advance(3_600_000),
  )
  t.equal(answer.text, badClient)
  t.same(sessionsOf(who), [])
})

t.test('what a disable ended while a refresh was being signed stays ended, though all is enabled again', async t => {
  for (const set of [setUser, setClient]) {
    const who = await parties()
    const { refresh_token } = (await signIn(who)).body
    const answer = await during(
      signing,
      () => refresh(who, refresh_token),
      async () => {
        await set('disabled')(who)
        await set('active')(who)
      },
    )
    t.equal(answer.text, badToken)
    t.match(sessionsOf(who), [{ rotated_at_ms: null }])
  }
})

t.test('the sessions that a disable or a new password ended stay ended, and a new sign-in works', async t => {
  const toggle = (set: (status: Status) => Act) => async (who: Parties) => {
    await set('disabled')(who)
    await set('active')(who)
  }
  const acts: Readonly<Record<string, Act>> = {
    'the user': toggle(setUser),
    'the client': toggle(setClient),
    'the password': actsOnTheUser['the password is set again to the same one'] as Act,
  }
  for (const [name, act] of Object.entries(acts)) {
    const who = await parties()
    const before = await signIn(who)
    const other = { ...who, clientId: 'web-app' }
    const elsewhere = await signIn(other)
    await act(who)
    t.equal((await refresh(who, before.body.refresh_token)).text, badToken, name)
    const alive = (await refresh(other, elsewhere.body.refresh_token)).status === 200
    t.equal(alive, name === 'the client', 'what belongs to another client ends only with the user')
    const again = await signIn(who)
    t.equal((await refresh(who, again.body.refresh_token)).status, 200)
  }
})

t.test('a disabled or deleted user or client cannot sign in or refresh', async t => {
  for (const status of ['disabled', 'deleted'] as const) {
    for (const [set, onSignIn, onRefresh] of [
      [setUser, wrongPassword, badToken],
      [setClient, badClient, badClient],
    ] as const) {
      const who = await parties()
      const { refresh_token } = (await signIn(who)).body
      await set(status)(who)
      t.equal((await signIn(who)).text, onSignIn)
      t.equal((await refresh(who, refresh_token)).text, onRefresh)
    }
  }
})

t.test('the audit says what was refused because of whose state', async t => {
  const reasons = select(
    service.databaseFile,
    "select distinct type, reason from audit_events where outcome = 'failure' and reason not like 'unknown_%' order by type, reason",
  )
  t.same(
    reasons.map(({ type, reason }) => `${type} ${reason}`),
    [
      'client.authenticate client_changed',
      'client.authenticate client_disabled',
      'session.refresh session_over',
      'user.sign_in user_changed',
      'user.sign_in user_disabled',
    ],
  )
})
