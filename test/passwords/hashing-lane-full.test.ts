/** Who gives up a place in a lane that is full. */
import t from 'tap'
import { TooManyWaiting } from '../../src/passwords/hashing-lane.ts'
import { createLaneScene } from '../support/hashing-lane.ts'

t.test('who fills the lane cannot keep others out: its newest waiter makes room', async t => {
  const { lane, enter, drain } = createLaneScene({ concurrency: 1, limit: 4 })
  enter('x')
  enter('c1', { most: 2 })
  enter('b1', { most: 3 })
  enter('b2', { most: 3 })
  const newest = enter('b3', { most: 3 })
  const newcomer = enter('n1')
  await t.rejects(newest, TooManyWaiting, 'the newest of the fullest')
  t.equal(lane.depth(), 4)
  t.same(await drain(), ['x', 'c1', 'b1', 'n1', 'b2'])
  t.equal(await newcomer, 'n1')
})

t.test('who holds the most of what it may gives up a place, and a client that speaks for many only half', async t => {
  const { enter, drain } = createLaneScene({ concurrency: 1, limit: 9 })
  enter('x')
  for (const name of ['c1', 'c2', 'c3', 'c4', 'c5']) enter(name, { most: 8 })
  for (const name of ['a1', 'a2']) enter(name, { most: 2 })
  for (const name of ['b1', 'b2']) enter(name, { most: 2 })
  for (const name of ['m1', 'n1', 'o1']) enter(name)
  await t.rejects(enter('p1'), TooManyWaiting, 'every place that is left is safe')
  t.same(await drain(), ['x', 'c1', 'a1', 'b1', 'm1', 'n1', 'o1', 'c2', 'c3', 'c4'])
})

t.test('who has a place already displaces nobody', async t => {
  const { enter, drain } = createLaneScene({ concurrency: 1, limit: 3 })
  for (const name of ['x', 'a1', 'a2', 'b1']) enter(name, { most: 2 })
  await t.rejects(enter('b2', { most: 2 }), TooManyWaiting)
  t.same(await drain(), ['x', 'a1', 'b1', 'a2'])
})

t.test('the only place of a network is safe from newcomers', async t => {
  const { enter, drain } = createLaneScene({ concurrency: 1, limit: 2 })
  enter('x')
  enter('a1', { most: 1 })
  enter('b1', { most: 2 })
  await t.rejects(enter('n1'), TooManyWaiting)
  t.same(await drain(), ['x', 'a1', 'b1'])
})

t.test('nobody is displaced for a check for which there would be no room even then', async t => {
  const { enter, drain } = createLaneScene({ concurrency: 1, limit: 4 })
  enter('x')
  for (const name of ['a1', 'a2']) enter(name, { cost: 2, most: 2 })
  await t.rejects(enter('n1', { cost: 3 }), TooManyWaiting)
  enter('m1', { cost: 2 })
  t.same(await drain(), ['x', 'a1', 'm1'])
})
