/** An instance that has not heard yet what another one did to the keys: it calls nothing garbage that it can't know, and says how old it is. */
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { testClock } from '../support/clock.ts'
import { isError } from '../support/error-shape.ts'
import { createHold } from '../support/hold.ts'
import { api, byTest, claimsOf, headerOf, request, secret, serve } from '../support/serve.ts'
import { jwksOf, keyIn, kidsIn, SECOND } from '../support/signing-keys.ts'
import { device, isRevoked, revoke, withAlice } from '../support/status-list.ts'

// Each has services of its own.
t.jobs = 2

const client = ['web-app', secret] as const

/** Two instances under one issuer, of which the second one's looks at the keys are held back, or fail. */
async function twoInstances(t: Test) {
  const hold = createHold()
  let [looks, isAway] = [0, false]
  const read: Faults['read'] = readers => ({
    ...readers,
    signingKeys: {
      list: () =>
        hold.pass(async () => {
          looks += 1
          if (isAway) throw new StorageUnavailable('The database is away.')
          return readers.signingKeys.list()
        }),
    },
  })
  const clock = testClock()
  const one = await withAlice(t, { clock })
  const other = await serve(t, {
    clock,
    folder: one.folder,
    faults: { read },
    environment: { SIGNET_ISSUER: one.issuer },
  })
  const at = `http://127.0.0.1:${other.config.port}`
  return {
    ...{ one, other, hold, clock },
    looks: () => looks,
    goAway: (away: boolean) => {
      isAway = away
    },
    /** All keys are replaced at the first one: of what signs now, the second one knows nothing. */
    async replaceKeys() {
      await (await one.container.keyLifecycle()).revokeAll('test', byTest)
      await one.tick()
    },
    revokeAtOther: (token: string) => request(`${at}/oauth/revoke`, { form: { token }, client }),
    jwksAtOther: (headers = {}) => request(`${at}/.well-known/jwks.json`, { headers }),
    meAtOther: (token: string) => request(`${at}/me`, { headers: { authorization: `Bearer ${token}` } }),
  }
}

t.test('a token of a key that this instance does not know is revoked by it, when it has looked', async t => {
  const { one, hold, replaceKeys, revokeAtOther } = await twoInstances(t)
  hold.close()
  await replaceKeys()
  const { access, status } = await device(one)
  t.equal(headerOf(access).kid, keyIn(one, 'active').kid)
  const answer = revokeAtOther(access)
  await hold.waiting(1)
  hold.open()
  t.equal((await answer).status, 200)
  t.ok(await isRevoked(status), 'the answer was no lie')
})

t.test(
  'as long as it is not known whether a token is one, the answer is 503, and nothing is said to be revoked',
  async t => {
    const { one, other, hold, replaceKeys, goAway, revokeAtOther, meAtOther } = await twoInstances(t)
    hold.close()
    await replaceKeys()
    const { access, status } = await device(one)
    goAway(true)
    hold.open()
    for (const answer of [await revokeAtOther(access), await meAtOther(access)]) {
      isError(t, answer, [503, 'temporarily_unavailable'])
      t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
    }
    t.notOk(await isRevoked(status))
    goAway(false)
    t.equal((await revokeAtOther(access)).status, 200)
    t.ok(await isRevoked(status))
    await other.tick()
  },
)

t.test('nobody waits for longer than two seconds for a look that hangs', async t => {
  const { one, hold, replaceKeys, revokeAtOther } = await twoInstances(t)
  hold.close()
  await replaceKeys()
  const { access } = await device(one)
  const askedAt = performance.now()
  isError(t, await revokeAtOther(access), [503, 'temporarily_unavailable'])
  const waited = performance.now() - askedAt
  t.ok(waited > 1900 && waited < 5000, `${Math.round(waited)} ms`)
  hold.open()
  t.equal((await revokeAtOther(access)).status, 200)
})

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

t.test('made up kids cause no look each: those who ask at once share one, and a second is between two', async t => {
  const { one, looks, revokeAtOther } = await twoInstances(t)
  const { access } = await device(one)
  const [, payload, signature] = access.split('.')
  const forged = () =>
    [encode({ ...headerOf(access), kid: randomBytes(32).toString('base64url') }), payload, signature].join('.')
  const [before, startedAt] = [looks(), performance.now()]
  for (let round = 0; round < 2; round += 1)
    for (const { status } of await Promise.all(Array.from({ length: 40 }, () => revokeAtOther(forged()))))
      if (status !== 200) t.fail(`answered with ${status}`)
  const seconds = (performance.now() - startedAt) / 1000
  // Its own look each second, twice when something is new, and one each second for all of these.
  t.ok(looks() - before <= 2 * (seconds + 1) + seconds + 1, `${looks() - before} looks in ${seconds} s`)
})

t.test('what is no token of ours, or of a key that is known, is garbage at once', async t => {
  const { one, hold, revokeAtOther, replaceKeys, other } = await twoInstances(t)
  const { access } = await device(one)
  const [header = '', payload = '', signature] = access.split('.')
  await replaceKeys()
  await other.tick()
  const unknown = { ...headerOf(access), kid: randomBytes(32).toString('base64url') }
  const cases = {
    'of a key that was revoked': access,
    'with another signature': [header, payload, Buffer.from('no signature').toString('base64url')].join('.'),
    'no header': `x.${payload}.${signature}`,
    'another typ': [encode({ ...unknown, typ: 'JWT' }), payload, signature].join('.'),
    'another algorithm': [encode({ ...unknown, alg: 'none' }), payload, signature].join('.'),
    'a kid that is no thumbprint': [encode({ ...unknown, kid: 'x' }), payload, signature].join('.'),
    'a kid that is a number': [encode({ ...unknown, kid: 7 }), payload, signature].join('.'),
    'of another issuer': [encode(unknown), encode({ ...claimsOf(access), iss: api }), signature].join('.'),
    expired: [encode(unknown), encode({ ...claimsOf(access), exp: 1 }), signature].join('.'),
    'of an expiry that is a text': [encode(unknown), encode({ ...claimsOf(access), exp: 'x' }), signature].join('.'),
  }
  // Whoever looked would wait.
  hold.close()
  for (const [title, token] of Object.entries(cases)) t.equal((await revokeAtOther(token)).status, 200, title)
  hold.open()
})

t.test(
  'the JWKS of an instance that may be behind is not cached for long, and is right once it has looked',
  async t => {
    const { one, other, hold, clock, replaceKeys, jwksAtOther, goAway } = await twoInstances(t)
    const age = async () => (await jwksAtOther()).headers.get('cache-control')
    const old = await jwksAtOther()
    t.equal(await age(), 'public, max-age=300, must-revalidate')
    hold.close()
    await replaceKeys()
    clock.advance(3 * SECOND)
    const stale = await jwksAtOther()
    t.equal(stale.text, old.text, 'it has not heard of the revocation')
    t.equal(stale.headers.get('cache-control'), 'public, max-age=5, must-revalidate')
    const unchanged = await jwksAtOther({ 'if-none-match': old.headers.get('etag') ?? '' })
    t.equal(unchanged.status, 304)
    t.equal(unchanged.headers.get('cache-control'), 'public, max-age=5, must-revalidate', 'nor is what a 304 renews')

    goAway(true)
    hold.open()
    await other.tick().catch(() => undefined)
    t.equal(await age(), 'public, max-age=5, must-revalidate', 'a look that failed is none')
    goAway(false)
    await other.tick()
    const [fresh, first] = [await jwksAtOther(), await jwksOf(one)]
    t.equal(fresh.text, first.text)
    t.equal(fresh.headers.get('etag'), first.headers.get('etag'))
    t.equal(fresh.headers.get('cache-control'), 'public, max-age=300, must-revalidate')
    t.strictSame(fresh.body.keys.map(({ kid }: { kid: string }) => kid).sort(), kidsIn(one, 'active', 'pending').sort())
  },
)

t.test('a token at hand that was found good is not asked about again', async t => {
  const { one, hold, meAtOther } = await twoInstances(t)
  const { access } = await device(one)
  const first = (await meAtOther(access)).status
  hold.close()
  t.equal((await meAtOther(access)).status, first)
  t.equal((await revoke(one, access)).status, 200)
  hold.open()
})
