/** `signet keys revoke` beside a running service, which follows by itself. */
import { userInfo } from 'node:os'
import t from 'tap'
import { isoTime } from '../support/command-line.ts'
import { keyCommands } from '../support/key-commands.ts'
import { keyAuditOf, keyIn, MINUTE } from '../support/signing-keys.ts'
import { unwrapped } from '../support/unwrapped.ts'

// Each has a service of its own.
t.jobs = 2

t.test(
  'revoke switches the running service to the standby within 2 seconds, and the key is gone from the JWKS',
  async t => {
    const { json, text, list, kidOf, follows, publishedKids, signedBy, where } = await keyCommands(t)
    const [active, pending] = [kidOf('active'), kidOf('pending')]
    for (let device = 0; device < 2; device += 1) await signedBy()
    const answer = await json(['keys', 'revoke', active, '--reason', 'laptop stolen'])
    const { kid: next_kid, created_at_ms } = keyIn(where, 'pending')
    t.strictSame(answer, {
      revoked: [active],
      reason: 'laptop stolen',
      live_sessions: 2,
      signer_was_published: true,
      next_kid,
      next_rotation_at: new Date(created_at_ms + 20 * MINUTE).toISOString(),
    })
    await follows(t)
    t.equal(await signedBy(), pending)
    t.notOk((await publishedKids()).includes(active))
    const [keys, now, standby] = [await list(), keyIn(where, 'active'), keyIn(where, 'pending')]
    const listed = (kid: string) => keys.find(key => key.kid === kid)
    t.match(listed(active), { state: 'revoked', cause: 'laptop stolen', since: isoTime })
    t.match(
      listed(pending),
      { state: 'active', activates_at: new Date(now.since_ms).toISOString() },
      'the time at which it began to sign, not the one that was planned',
    )
    const activates_at = new Date(standby.created_at_ms + 20 * MINUTE).toISOString()
    t.match(listed(standby.kid), { state: 'pending', activates_at }, 'the new standby follows after 20 minutes')
    t.match(await text(['keys', 'list', '--wide']), new RegExp(`${standby.kid} .* signs ${activates_at}`))
    const operator = `operator:${userInfo().username}`
    t.match(keyAuditOf(where).slice(-3), [
      { type: 'signing_key.revoke', reason: 'laptop stolen', target: active, actor: operator },
      { type: 'signing_key.activate', target: pending, actor: operator },
      { type: 'signing_key.add', actor: operator },
    ])
  },
)

t.test('revoke says how many sessions have a token that the key signed', async t => {
  const { json, text, kidOf, makeReady, follows, signedBy } = await keyCommands(t)
  for (let device = 0; device < 3; device += 1) await signedBy()
  makeReady()
  await json(['keys', 'rotate'])
  // It signs a fourth token, by the new key.
  await follows(t)
  const of = async (kid: string) => (await json(['keys', 'revoke', kid, '--reason', 'test'])).live_sessions
  t.equal(await of(kidOf('pending')), 0, 'one that never signed')
  t.equal(await of(kidOf('active')), 1, 'the one that signs')
  t.match(
    unwrapped(await text(['keys', 'revoke', kidOf('retiring'), '--reason', 'test'])),
    /^This ends the access tokens of 3 sessions; each gets a new one at its next refresh$/m,
    'the one before',
  )
})

t.test(
  'revoke says which rotation tells verifiers of it that look only at an unknown key, and when none does',
  async t => {
    const { json, text, kidOf, makeReady } = await keyCommands(t)
    makeReady()
    await json(['keys', 'rotate'])
    const revoke = async (state: 'active' | 'retiring') =>
      unwrapped(await text(['keys', 'revoke', kidOf(state), '--reason', 'test']))
    const follows = /^\S{43} signs from \S+Z on, while a server runs: until then the revoked key is taken/m
    t.match(await revoke('active'), follows)
    const ofRetiring = await revoke('retiring')
    t.match(ofRetiring, /^No rotation is known to follow: restart the verifiers/m)
    t.notMatch(ofRetiring, follows, 'the standby was published before: who looked since then knows it')
  },
)

t.test('revoke --all replaces every key of the running service within 2 seconds', async t => {
  const { json, list, follows, publishedKids, signedBy } = await keyCommands(t)
  const before = await publishedKids()
  await signedBy()
  const answer = await json(['keys', 'revoke', '--all', '--reason', 'the host was read'])
  t.match(answer, {
    ...{ reason: 'the host was read', live_sessions: 1, signer_was_published: false },
    ...{ next_kid: null, next_rotation_at: null },
  })
  t.strictSame(answer.revoked.toSorted(), before)
  await follows(t)
  t.strictSame((await list()).map(({ state }) => state).sort(), ['active', 'pending', 'revoked', 'revoked'])
  t.strictSame(
    (await publishedKids()).filter(kid => before.includes(kid)),
    [],
  )
})

t.test('revoke --all says to people that verification fails until the JWKS is fetched again', async t => {
  const { text, publishedKids } = await keyCommands(t)
  const before = await publishedKids()
  const lines = unwrapped(await text(['keys', 'revoke', '--all', '--reason', 'test']))
  for (const kid of before) t.match(lines, kid)
  t.match(
    lines,
    /^A key signs now that verifiers have not seen: verification of new tokens fails until they fetch the JWKS again$/m,
  )
})

t.test('revoke takes one key or all of them, and a reason, or it does nothing', async t => {
  const { refuses, list, kidOf } = await keyCommands(t)
  const [active, pending] = [kidOf('active'), kidOf('pending')]
  const before = await list()
  const reason = ['--reason', 'test']
  await refuses([
    { words: ['keys', 'revoke', ...reason], code: 2, says: /a kid or --all/ },
    { words: ['keys', 'revoke', active, '--all', ...reason], code: 2, says: /a kid or --all/ },
    { words: ['keys', 'revoke', active], code: 2, says: /--reason/ },
    { words: ['keys', 'revoke', '--all'], code: 2, says: /--reason/ },
    { words: ['keys', 'revoke', active, '--reason'], code: 2, says: /--reason/ },
    { words: ['keys', 'revoke', active, pending, ...reason], code: 2, says: /too many arguments/ },
    { words: ['keys', 'revoke', 'unknown', ...reason], code: 1, says: /no such key in the JWKS/ },
    { words: ['keys', 'rotate', active], code: 2, says: /too many arguments/ },
  ])
  t.strictSame(await list(), before)
})

t.test('a key that was revoked cannot be revoked again', async t => {
  const { json, refuses, kidOf } = await keyCommands(t)
  const kid = kidOf('pending')
  await json(['keys', 'revoke', kid, '--reason', 'test'])
  await refuses([{ words: ['keys', 'revoke', kid, '--reason', 'test'], code: 1, says: /no such key in the JWKS/ }])
})
