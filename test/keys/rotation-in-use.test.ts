/** What a rotation means for those who get tokens and those who verify them: nothing fails. */
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { firstDay } from '../support/first-day.ts'
import { createHold, during } from '../support/hold.ts'
import { byTest, headerOf, refresh, serve } from '../support/serve.ts'
import {
  DAY,
  filesNeeded,
  HOUR,
  jwksOf,
  keyAuditOf,
  keyFilesIn,
  keyIn,
  keysOf,
  MINUTE,
  publishedBy,
  RETIRING,
  SECOND,
  signingKidOf,
  verifyingKid,
} from '../support/signing-keys.ts'
import { device, restarted, until } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const INTERVAL = 90 * DAY

t.test('a verifier whose copy of the JWKS is from before the rotation verifies what is signed after it', async t => {
  const { service, pass, second } = await firstDay(t)
  await pass(INTERVAL - SECOND)
  const copy = await jwksOf(service)
  await pass(SECOND)
  const { access } = await device(service)
  t.equal(await verifyingKid(access, copy), second.kid)
})

t.test('a key is in the JWKS until the last token that it signed has expired everywhere, and then leaves', async t => {
  const { service, pass, first } = await firstDay(t, { environment: { SIGNET_ACCESS_TOKEN_TTL: '12h' } })
  await pass(INTERVAL - SECOND)
  const { access } = await device(service)
  await pass(SECOND)
  t.equal(await verifyingKid(access, await jwksOf(service)), first.kid)
  await pass(RETIRING - 1)
  t.equal(await verifyingKid(access, await jwksOf(service)), first.kid)
  await pass(1)
  t.equal(await verifyingKid(access, await jwksOf(service)), undefined)
  t.notOk((await publishedBy(service)).includes(first.kid))
})

t.test('a token of before the service was down for months verifies as long as ever after it is up again', async t => {
  const { clock, service: before, first } = await firstDay(t)
  const { access } = await device(before)
  clock.advance(300 * DAY)
  const service = await restarted(t, before, { clock })
  await service.tick()
  t.not(await signingKidOf(service), first.kid)
  for (const [milliseconds, kid] of [
    [RETIRING - 1, first.kid],
    [1, undefined],
  ] as const) {
    clock.advance(milliseconds)
    await service.tick()
    t.equal(await verifyingKid(access, await jwksOf(service)), kid)
  }
})

t.test('a request that is being signed while the key changes succeeds, and its token verifies', async t => {
  const hold = createHold()
  const signer: Faults['signer'] = real => ({ kid: real.kid, sign: input => hold.pass(() => real.sign(input)) })
  const { service, pass, first, second } = await firstDay(t, { faults: { signer } })
  await pass(DAY)
  const { refreshToken } = await device(service)
  const lifecycle = await service.container.keyLifecycle()
  const answer = await during(
    hold,
    () => refresh(service, refreshToken),
    async () => {
      await lifecycle.rotate(byTest)
      await service.tick()
    },
  )
  t.equal(answer.status, 200)
  t.equal(await verifyingKid(answer.body.access_token, await jwksOf(service)), first.kid)
  const next = await refresh(service, answer.body.refresh_token)
  t.equal(await verifyingKid(next.body.access_token, await jwksOf(service)), second.kid)
})

t.test('no refresh fails while keys rotate, and each token verifies with an older copy of the JWKS, too', async t => {
  const environment = { SIGNET_KEY_ROTATION_INTERVAL: '1h', SIGNET_KEY_PUBLISH_LEAD: '20m' }
  const { clock, service, pass } = await firstDay(t, { environment })
  const failures: unknown[] = []
  const signedBy = new Set<string>()
  let copy = await jwksOf(service)
  let isOver = false
  const counts = [0, 0, 0, 0]

  async function refreshAgainAndAgain(loop: number): Promise<void> {
    let { refreshToken } = await device(service)
    while (!isOver) {
      const older = copy
      const { status, text, body } = await refresh(service, refreshToken)
      if (status !== 200) return void failures.push(text)
      refreshToken = body.refresh_token
      const { kid } = headerOf(body.access_token)
      for (const jwks of [older, await jwksOf(service)])
        if ((await verifyingKid(body.access_token, jwks)) !== kid) failures.push(`${kid} is not in ${jwks.text}`)
      signedBy.add(kid)
      counts[loop] = (counts[loop] ?? 0) + 1
    }
  }
  /** In each of the loops: what was begun before is answered by then. */
  const moreRefreshes = () => {
    const enough = counts.map(count => count + 3)
    return until(async () => counts.every((count, loop) => count >= (enough[loop] ?? 0)) || failures.length > 0)
  }

  const loops = counts.map((_, loop) => refreshAgainAndAgain(loop))
  for (let round = 0; round < 6; round += 1) {
    await moreRefreshes()
    // As old as a copy may be when the key changes.
    clock.advance(HOUR - 5 * MINUTE)
    copy = await jwksOf(service)
    await pass(5 * MINUTE)
    await moreRefreshes()
  }
  isOver = true
  await Promise.all(loops)
  t.strictSame(failures, [])
  t.equal(signedBy.size, 7, 'six rotations, and tokens of each key')
})

/** Two services on one database and one key folder, by one clock; new keys of both stop at the hold. */
async function twoInstances(t: Test) {
  const hold = createHold()
  const privateKeys: Faults['privateKeys'] = files => ({
    ...files,
    prepare: (kid, key) => hold.pass(() => files.prepare(kid, key)),
  })
  const { clock, service: one, ...keys } = await firstDay(t, { faults: { privateKeys } })
  const faults = { privateKeys }
  const other = await serve(t, { clock, folder: one.folder, faults })
  return { ...keys, clock, hold, one, other }
}

t.test('two instances that rotate at the same moment have one winner, and both sign with its key', async t => {
  const { clock, hold, one, other, first, second } = await twoInstances(t)
  const heard = keyAuditOf(one).length
  hold.close()
  clock.advance(INTERVAL)
  const ticks = [one.tick(), other.tick()]
  await hold.waiting(2)
  hold.open()
  await Promise.all(ticks)

  t.match(keysOf(one), [{ state: 'retiring' }, { state: 'active', kid: second.kid }, { state: 'pending' }])
  t.equal(keysOf(one).length, 3)
  t.match(
    keyAuditOf(one).slice(heard),
    [
      { type: 'signing_key.stop_signing', target: first.kid },
      { type: 'signing_key.activate', target: second.kid },
      { type: 'signing_key.add', target: keyIn(one, 'pending').kid },
    ],
    'the loser leaves no event',
  )
  t.equal(keyAuditOf(one).length, heard + 3)
  t.strictSame(keyFilesIn(one), filesNeeded(one), 'nor a file')
  for (const service of [one, other]) {
    await service.tick()
    t.equal(await signingKidOf(service), second.kid)
    t.strictSame(
      await publishedBy(service),
      keysOf(one)
        .map(({ kid }) => kid)
        .sort(),
    )
  }
})
