import t from 'tap'
import { createHashingQueue, type HashingQueue, TooManyWaiting } from '../../src/passwords/hashing-queue.ts'
import { networkOf } from '../../src/records/network.ts'

/** A queue whose works end when the test says so, with the order in which they began. */
function createScene(options: { concurrency: number; limit: number }) {
  const queue = createHashingQueue(options)
  const began: string[] = []
  const running = new Map<string, PromiseWithResolvers<string>>()

  function enter(name: string, network = name.slice(0, 1)): Promise<string> {
    const answer = queue.run(network, () => {
      const work = Promise.withResolvers<string>()
      began.push(name)
      running.set(name, work)
      return work.promise
    })
    // The test looks at the answer when it is ready to; until then a refusal is not an unhandled one.
    answer.catch(() => undefined)
    return answer
  }

  async function end(name: string): Promise<void> {
    running.get(name)?.resolve(name)
    running.delete(name)
    await settle()
  }

  /** Ends whatever runs until nothing does, and tells the order in which everything began. */
  async function drain(): Promise<string[]> {
    for (let name = firstOf(running); name !== undefined; name = firstOf(running)) await end(name)
    return began
  }

  return { queue, began, running, enter, end, drain }
}

function firstOf(running: Map<string, unknown>): string | undefined {
  return running.keys().next().value
}

/** Lets the promises that are settled run their course: far more turns than a hand-over takes. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await null
}

t.test('no more works run at once than there are slots', async t => {
  const { began, enter, end, queue } = createScene({ concurrency: 2, limit: 10 })
  for (const name of ['a1', 'b1', 'c1', 'd1']) enter(name)
  t.same(began, ['a1', 'b1'])
  t.equal(queue.depth(), 2)
  await end('b1')
  t.same(began, ['a1', 'b1', 'c1'])
  t.equal(queue.depth(), 1)
})

t.test('the caller gets the answer, or the error, of its own work', async t => {
  const queue = createHashingQueue({ concurrency: 1, limit: 10 })
  const answers = [1, 2, 3].map(number => queue.run('a', async () => number))
  t.same(await Promise.all(answers), [1, 2, 3])
  const failure = new Error('no memory')
  await t.rejects(
    queue.run('a', () => Promise.reject(failure)),
    failure,
  )
})

t.test('a work that fails, at once or later, frees its slot for the next', async t => {
  const queue = createHashingQueue({ concurrency: 1, limit: 10 })
  const failures = [
    queue.run('a', () => Promise.reject(new Error('later'))),
    queue.run('a', () => {
      throw new Error('at once')
    }),
  ]
  const last = queue.run('a', async () => 'done')
  for (const failure of failures) await t.rejects(failure, Error)
  t.equal(await last, 'done')
  t.equal(queue.depth(), 0)
  t.equal(await queue.run('b', async () => 'and again'), 'and again')
})

t.test('networks that wait are served in turn, and each in order of arrival', async t => {
  const { enter, drain } = createScene({ concurrency: 1, limit: 10 })
  for (const name of ['x', 'a1', 'a2', 'a3', 'b1', 'b2', 'c1']) enter(name)
  t.same(await drain(), ['x', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
})

t.test('a network that enters again after its turn does not get ahead of those that wait', async t => {
  const { enter, end, drain } = createScene({ concurrency: 1, limit: 10 })
  for (const name of ['x', 'a1', 'b1', 'c1']) enter(name)
  await end('x')
  enter('a2')
  t.same(await drain(), ['x', 'a1', 'b1', 'c1', 'a2'])
})

t.test('nobody who arrives while a slot is handed over overtakes the one it is for', async t => {
  const { enter, running, began, drain } = createScene({ concurrency: 1, limit: 10 })
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

t.test('past the limit the newcomer is refused before any work, with a time to come back', async t => {
  const { queue, began, enter, drain } = createScene({ concurrency: 1, limit: 2 })
  for (const name of ['a1', 'a2', 'a3']) enter(name)
  const error = await enter('a4').catch((reason: unknown) => reason)
  t.ok(error instanceof TooManyWaiting && Number.isInteger(error.retryAfterSeconds) && error.retryAfterSeconds >= 1)
  t.equal(queue.depth(), 2)
  t.same(began, ['a1'])
  t.same(await drain(), ['a1', 'a2', 'a3'])
  enter('a5')
  t.equal(began.at(-1), 'a5', 'room again')
})

t.test('a network that fills the queue cannot keep others out: its newest waiter makes room', async t => {
  const { queue, enter, drain } = createScene({ concurrency: 1, limit: 4 })
  for (const name of ['x', 'c1', 'b1', 'b2']) enter(name)
  const newest = enter('b3')
  const newcomer = enter('n1')
  await t.rejects(newest, TooManyWaiting, 'the newest of the largest')
  t.equal(queue.depth(), 4)
  t.same(await drain(), ['x', 'c1', 'b1', 'n1', 'b2'])
  t.equal(await newcomer, 'n1')
})

t.test('the network that holds the most gives up a place, not one that holds fewer', async t => {
  const { enter, drain } = createScene({ concurrency: 1, limit: 5 })
  for (const name of ['x', 'a1', 'a2', 'b1', 'b2', 'b3']) enter(name)
  enter('n1')
  t.same(await drain(), ['x', 'a1', 'b1', 'n1', 'a2', 'b2'])
})

t.test('a network with a place already displaces nobody', async t => {
  const { enter, drain } = createScene({ concurrency: 1, limit: 3 })
  for (const name of ['x', 'a1', 'a2', 'b1']) enter(name)
  await t.rejects(enter('b2'), TooManyWaiting)
  t.same(await drain(), ['x', 'a1', 'b1', 'a2'])
})

t.test("a network's only place is safe from newcomers", async t => {
  const { enter, drain } = createScene({ concurrency: 1, limit: 2 })
  for (const name of ['x', 'a1', 'b1']) enter(name)
  await t.rejects(enter('n1'), TooManyWaiting)
  t.same(await drain(), ['x', 'a1', 'b1'])
})

t.test('with no places at all a work runs when a slot is free and is refused otherwise', async t => {
  const { enter, end, began } = createScene({ concurrency: 1, limit: 0 })
  enter('a1')
  await t.rejects(enter('b1'), TooManyWaiting)
  await end('a1')
  enter('c1')
  t.same(began, ['a1', 'c1'])
})

t.test('a queue that could never run anything is a mistake of the program', async t => {
  for (const options of [
    { concurrency: 0, limit: 1 },
    { concurrency: 1.5, limit: 1 },
    { concurrency: 1, limit: -1 },
    { concurrency: 1, limit: Number.NaN },
  ]) {
    t.throws((): HashingQueue => createHashingQueue(options), RangeError)
  }
})

t.test('addresses that one subscriber can choose between count as one network', async t => {
  for (const [address, network] of [
    ['203.0.113.7', '203.0.113.0/24'],
    ['203.0.113.250', '203.0.113.0/24'],
    ['203.0.114.7', '203.0.114.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['0:0:0:0:0:FFFF:cb00:7107', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1::/48'],
    ['2001:db8:1:3::9', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['1:0:0:2:0:0:0:3', '1:0:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['', 'unknown'],
    ['203.0.113', 'unknown'],
    ['not an address', 'unknown'],
  ] as const) {
    t.equal(networkOf(address), network, address)
  }
})
