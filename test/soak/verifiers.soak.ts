/**
 * What rotations and revocations are for those who verify: libraries that people use, each in a process of its own, while tokens
 * are issued all the time and a day passes in half a minute.
 */
import t, { type Test } from 'tap'
import { addAlice, byTest, serve } from '../support/serve.ts'
import { type LibraryName, libraries, libraryNames, startVerifier, type Verification } from './verifiers/processes.ts'
import { scaledClock } from './verifiers/scaled-clock.ts'
import { issuedMs, kidOf, startLoad } from './verifiers/token-load.ts'

const HOUR_MS = 3_600_000
/** For how long a key is published at least before it signs. */
const KNOWN_AFTER_MS = 1_200_000
const ROTATIONS = 10
/** Verifications that say something of a key and a library. */
const ENOUGH = 5

/**
 * A real second is forty minutes, so what the machine needs for a step (a key, a write to the disk) is long: hence a lead above the
 * least one. The longest tokens are verified until they expire, while the keys that signed them are on their way out.
 */
async function setUp(t: Test) {
  const scale = { startMs: Date.now(), factor: 2400 }
  const clock = scaledClock(scale)
  const service = await serve(t, {
    clock,
    environment: {
      SIGNET_KEY_ROTATION_INTERVAL: '2h',
      SIGNET_KEY_PUBLISH_LEAD: '1h',
      SIGNET_ACCESS_TOKEN_TTL: '12h',
    },
  })
  await addAlice(service)
  const verifiers = libraryNames.map(name => startVerifier(t, name, service.issuer, scale))
  const lifecycle = await service.container.keyLifecycle()
  return { clock, service, lifecycle, load: await startLoad(service, verifiers, clock) }
}

type Running = Awaited<ReturnType<typeof setUp>>

/** How many tokens of each key a library accepted, and how old the oldest was. */
function createCount() {
  const accepted = new Map<string, number>()
  let oldestMs = 0
  return {
    add(name: LibraryName, verifications: readonly Verification[]): void {
      for (const { token, endedAtMs, failure } of verifications) {
        if (failure !== undefined) continue
        const which = `${name} ${kidOf(token)}`
        accepted.set(which, (accepted.get(which) ?? 0) + 1)
        oldestMs = Math.max(oldestMs, endedAtMs - issuedMs(token))
      }
    },
    of: (name: LibraryName, kid: string): number => accepted.get(`${name} ${kid}`) ?? 0,
    oldestMs: () => oldestMs,
  }
}

/** Every other rotation is planned, and the one after it is asked for as soon as there is a new standby: then the lead decides. */
async function rotateUnderLoad(t: Test, { lifecycle, load }: Running): Promise<void> {
  const count = createCount()
  let asked = 1
  while (load.kids().length <= ROTATIONS || load.kids().some(kid => count.of('jose', kid) < ENOUGH)) {
    for (const [name, verifications] of await load.round()) count.add(name, verifications)
    const signed = load.kids().length
    if (signed === asked + 1 && signed <= ROTATIONS) {
      await lifecycle.rotate(byTest)
      asked += 2
    }
  }
  t.same([...load.failures], [], 'no token was refused before it expired')
  for (const name of libraryNames)
    for (const kid of load.kids()) t.ok(count.of(name, kid) >= ENOUGH, `${name} accepted tokens of ${kid}`)
  t.ok(count.oldestMs() > 11 * HOUR_MS, 'tokens were verified until the end of their life')
  const keys = await lifecycle.list()
  for (const kid of load.kids().slice(1)) {
    const createdAtMs = keys.find(key => key.kid === kid)?.createdAtMs ?? 0
    // `iat` is cut to whole seconds.
    t.ok(issuedMs(load.oldest(kid)) + 1000 > createdAtMs + HOUR_MS, `${kid} signed nothing in its lead`)
  }
  const hasRetired = keys.some(({ state }) => state === 'retired')
  t.ok(hasRetired, 'and keys left the JWKS meanwhile')
}

t.test('libraries refuse no token while keys rotate, and refuse a revoked key within their own time', async t => {
  const running = await setUp(t)
  const { clock, service, lifecycle, load } = running

  await t.test('ten rotations, planned and asked for, fail no verification', t => rotateUnderLoad(t, running))

  await t.test('a revoked key', async t => {
    const standby = (await lifecycle.list()).find(({ state }) => state === 'pending')
    // Every copy of the JWKS has the key that takes over.
    while (clock.now() < (standby?.createdAtMs ?? 0) + KNOWN_AFTER_MS) await load.round()
    const kid = load.kids().at(-1) ?? ''
    const stolen = load.youngest(kid)
    const found = await load.verify([stolen])
    for (const [name, [seen]] of found) t.equal(seen?.failure, undefined, `${name} accepts it before`)

    await load.settled()
    await lifecycle.revoke(kid, 'stolen', byTest)
    await service.tick()
    const revokedAtMs = clock.now()
    t.notMatch((await service.get('/.well-known/jwks.json')).text, kid)
    const next = (await lifecycle.list()).find(({ state }) => state === 'pending')?.kid ?? ''

    /** Since no verification was under way at the revocation, a copy that is used later than this was fetched after it. */
    const isLate = (name: LibraryName, { beganAtMs }: Verification) =>
      beganAtMs > revokedAtMs + (libraries[name] ?? 0) * 1000
    const late = new Map<LibraryName, Verification[]>(libraryNames.map(name => [name, []]))
    while ([...late.values()].some(({ length }) => length < ENOUGH)) {
      await load.round(kid)
      for (const [name, verifications] of await load.verify([stolen]))
        late.get(name)?.push(...verifications.filter(each => isLate(name, each)))
    }
    for (const name of ['jose', 'PyJWKClient-like', 'patient cache'] as const)
      for (const { failure } of late.get(name) ?? []) t.ok(failure, `${name} refuses it after ${libraries[name]} s`)

    // The next key, which signs by itself, tells those who look only for what they do not know, and the others have not seen the
    // stolen one for an hour.
    while (!load.kids().includes(next)) await load.round(kid)
    t.ok(
      issuedMs(load.oldest(next)) + 1000 > revokedAtMs + KNOWN_AFTER_MS,
      'the next key signs when it was published for 20 minutes',
    )
    for (const [name, [seen]] of await load.verify([stolen]))
      t.ok(seen?.failure, `${name} refuses it at the latest when another key signs`)
    t.same([...load.failures], [], 'and no token of another key was refused')
  })
})
