/** A rotation that is due while the database fails: it makes no pile of keys, and none is lost. */
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { testClock } from '../support/clock.ts'
import { DAY, filesNeeded, keyFilesIn, keyIn, publishedBy, signingKidOf } from '../support/signing-keys.ts'
import { withAlice } from '../support/status-list.ts'

// Each has a service of its own.
t.jobs = 2

const INTERVAL = 90 * DAY
const TICKS = 20

type Break = (write: Parameters<NonNullable<Faults['write']>>[0]) => typeof write

/** A service whose first rotation is due while its writes fail in this way. */
async function failing(t: Test, broken: Break) {
  let [isBroken, failures] = [false, 0]
  const prepared: string[] = []
  const count = (error: unknown) => {
    failures += 1
    throw error
  }
  const clock = testClock()
  const service = await withAlice(t, {
    clock,
    faults: {
      write: write => work => (isBroken ? broken(write)(work).catch(count) : write(work)),
      privateKeys: files => ({
        ...files,
        async prepare(kid, privateKey) {
          prepared.push(kid)
          await files.prepare(kid, privateKey)
        },
      }),
    },
  })
  const [first, second] = [keyIn(service, 'active').kid, keyIn(service, 'pending').kid]
  prepared.length = 0
  isBroken = true
  clock.advance(INTERVAL)
  return {
    ...{ clock, service, first, second },
    /** The kids of all keys that were made since then. */
    prepared,
    failures: () => failures,
    mend: () => {
      isBroken = false
    },
    /** Everything is as after any other rotation, and the next one is like any other. */
    async rotatesOnAsEver(t: Test) {
      const [third = ''] = prepared
      t.strictSame(prepared, [third], 'one key was made')
      t.equal(keyIn(service, 'pending').kid, third, 'and it stands by')
      t.equal(await signingKidOf(service), second)
      t.strictSame(await publishedBy(service), [first, second, third].sort())
      t.strictSame(keyFilesIn(service), filesNeeded(service), 'nothing else is left')
      clock.advance(INTERVAL)
      await service.tick()
      t.equal(await signingKidOf(service), third)
      t.equal(prepared.length, 2)
      t.equal(keyIn(service, 'pending').kid, prepared[1])
      t.strictSame(keyFilesIn(service), filesNeeded(service))
    },
  }
}

const refusals: Readonly<Record<string, Break>> = {
  'at the beginning of a write': () => () => Promise.reject(new Error('the disk is full')),
  'at its end': write => work =>
    write(async stores => {
      await work(stores)
      throw new Error('the disk is full')
    }),
}
for (const [when, refuse] of Object.entries(refusals)) {
  t.test(
    `a database that refuses for many ticks, ${when}, costs one key, which is used when it works again`,
    async t => {
      const { service, first, second, prepared, failures, mend, rotatesOnAsEver } = await failing(t, refuse)
      for (let tick = 0; tick < TICKS; tick += 1) await t.rejects(service.tick(), { message: 'the disk is full' })
      t.ok(failures() >= TICKS)
      t.equal(keyIn(service, 'active').kid, first)
      t.strictSame(await publishedBy(service), [first, second].sort())
      t.strictSame(keyFilesIn(service), [`.${prepared[0]}.pem.new`, ...filesNeeded(service)].sort())

      mend()
      await service.tick()
      await rotatesOnAsEver(t)
    },
  )
}

t.test(
  'a rotation that was written, though the database said that it failed, is finished by the next tick',
  async t => {
    const { service, failures, mend, rotatesOnAsEver } = await failing(t, write => async work => {
      await write(work)
      throw new Error('the connection was lost')
    })
    // It is the timer's if that came first.
    await service.tick().catch(() => undefined)
    t.ok(failures() > 0)
    mend()
    await service.tick()
    await rotatesOnAsEver(t)
  },
)
