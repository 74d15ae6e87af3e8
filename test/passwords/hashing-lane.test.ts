import t from 'tap'
import { createHashingLane, type HashingLane, TooManyWaiting } from '../../src/passwords/hashing-lane.ts'
import { createLaneScene, settle } from '../support/hashing-lane.ts'

const a = { key: 'a', most: 2 }

t.test('no more works run at once than there are slots', async t => {
  const { began, enter, end, lane } = createLaneScene({ concurrency: 2, limit: 10 })
  for (const name of ['a1', 'b1', 'c1', 'd1']) enter(name)
  t.same(began, ['a1', 'b1'])
  t.equal(lane.depth(), 2)
  await end('b1')
  t.same(began, ['a1', 'b1', 'c1'])
  t.equal(lane.depth(), 1)
})

t.test('the caller gets the answer, or the error, of its own work', async t => {
  const lane = createHashingLane({ concurrency: 1, limit: 10 })
  const answers = [1, 2, 3].map(number => lane.run(a, 1, async () => number))
  t.same(await Promise.all(answers), [1, 2, 3])
  const failure = new Error('no memory')
  await t.rejects(
    lane.run(a, 1, () => Promise.reject(failure)),
    failure,
  )
})

t.test('a work that fails, at once or later, frees its slot for the next', async t => {
  const lane = createHashingLane({ concurrency: 1, limit: 10 })
  const failures = [
    lane.run(a, 1, () => Promise.reject(new Error('later'))),
    lane.run(a, 1, () => {
      throw new Error('at once')
    }),
  ]
  const last = lane.run(a, 1, async () => 'done')
  for (const failure of failures) await t.rejects(failure, Error)
  t.equal(await last, 'done')
  t.equal(lane.depth(), 0)
  t.equal(await lane.run({ key: 'b', most: 2 }, 1, async () => 'and again'), 'and again')
})

t.test('turns that wait are served one after the other, and each in order of arrival', async t => {
  const { enter, drain } = createLaneScene({ concurrency: 1, limit: 10 })
  for (const name of ['x', 'a1', 'a2', 'a3', 'b1', 'b2', 'c1']) enter(name)
  t.same(await drain(), ['x', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
})

t.test('who enters again after its turn does not get ahead of those that wait', async t => {
  const { enter, end, drain } = createLaneScene({ concurrency: 1, limit: 10 })
  for (const name of ['x', 'a1', 'b1', 'c1']) enter(name)
  await end('x')
  enter('a2')
  t.same(await drain(), ['x', 'a1', 'b1', 'c1', 'a2'])
})

t.test('nobody who arrives while a slot is handed over overtakes the one it is for', async t => {
  const { enter, running, began, drain } = createLaneScene({ concurrency: 1, limit: 10 })
  enter('x')
  enter('a1')
  running.get('x')?.resolve('x')
  running.delete('x')
  for (let turn = 0; turn < 5; turn++) {
    await null
    enter(`b${turn}`)
    t.ok(running.size <= 1, 'one at a time')
  }
  await settle()
  t.equal(began[1], 'a1')
  t.equal((await drain()).length, 7)
})

/** What a refusal says about when to come back. */
async function secondsOf(refused: Promise<unknown>): Promise<number> {
  const error = await refused.catch((reason: unknown) => reason)
  if (!(error instanceof TooManyWaiting)) throw new Error('it was not refused')
  return error.retryAfterSeconds
}

t.test('past the limit the newcomer is refused before any work, and there is room again afterwards', async t => {
  const { lane, began, enter, drain } = createLaneScene({ concurrency: 1, limit: 2 })
  for (const name of ['a1', 'a2', 'a3']) enter(name)
  await t.rejects(enter('a4'), TooManyWaiting)
  t.equal(lane.depth(), 2)
  t.same(began, ['a1'])
  t.same(await drain(), ['a1', 'a2', 'a3'])
  enter('a5')
  t.equal(began.at(-1), 'a5', 'room again')
})

t.test('what waits is bounded by what it costs together, not by how many there are', async t => {
  const { lane, enter, drain } = createLaneScene({ concurrency: 1, limit: 10 })
  enter('x')
  for (const [name, cost] of [
    ['a1', 6],
    ['b1', 0.5],
    ['c1', 3.5],
  ] as const)
    enter(name, { cost })
  await t.rejects(enter('d1', { cost: 0.1 }), TooManyWaiting)
  t.equal(lane.waitingWork(), 10)
  t.equal(lane.depth(), 3)
  t.same(await drain(), ['x', 'a1', 'b1', 'c1'])
  t.equal(lane.waitingWork(), 0)
})

t.test('a lane in which nothing waits takes any one check, however dear', async t => {
  const { lane, enter, drain } = createLaneScene({ concurrency: 1, limit: 10 })
  enter('x')
  enter('a1', { cost: 1000 })
  await t.rejects(enter('b1', { cost: 0.1 }), TooManyWaiting)
  t.equal(lane.waitingWork(), 1000)
  t.same(await drain(), ['x', 'a1'])
  enter('y')
  enter('b1', { cost: 0.3 })
  await t.rejects(enter('a1', { cost: 1000 }), TooManyWaiting)
  t.same(await drain(), ['x', 'a1', 'y', 'b1'])
})

t.test('a turn has no more in the lane than it may, however empty the lane is', async t => {
  const { began, enter, end, drain } = createLaneScene({ concurrency: 1, limit: 100 })
  enter('x')
  for (const name of ['a1', 'a2', 'a3']) enter(name, { most: 2 })
  for (const name of ['b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8', 'b9']) enter(name, { most: 8 })
  await t.rejects(enter('a4', { most: 2 }), TooManyWaiting)
  await t.rejects(enter('b10', { most: 8 }), TooManyWaiting)
  await end('x')
  t.same(began, ['x', 'a1'])
  enter('a5', { most: 2 })
  const order = await drain()
  t.same(order.slice(0, 6), ['x', 'a1', 'b1', 'a2', 'b2', 'a5'])
  t.equal(order.length, 12)
  t.notOk(order.includes('b9'))
})

t.test('the time to come back is that in which what waits is worked off, as fast as it goes', async t => {
  const { time, enter, end, drain } = createLaneScene({ concurrency: 2, limit: 12 })
  const fill = () => ['x', 'y', 'a1', 'b1', 'c1'].map(name => enter(name, { cost: 4 }))
  fill()
  t.equal(await secondsOf(enter('d1')), 1, 'before anything was measured')
  await drain()
  for (let round = 0; round < 100; round += 1) {
    enter('x', { cost: 4 })
    time.ms += 4 * 600
    await end('x')
  }
  fill()
  t.equal(await secondsOf(enter('d1')), 4, '12 of 0.6 s each, two at a time')
  await drain()
  for (let round = 0; round < 100; round += 1) await Promise.all([enter('x'), end('x')])
  fill()
  t.equal(await secondsOf(enter('d1')), 1, 'never at once')
})

t.test('a lane that could never run anything is a mistake of the program', async t => {
  for (const options of [
    { concurrency: 0, limit: 1 },
    { concurrency: 1.5, limit: 1 },
    { concurrency: 1, limit: 0 },
    { concurrency: 1, limit: Number.NaN },
  ]) {
    t.throws((): HashingLane => createHashingLane(options), RangeError)
  }
})
