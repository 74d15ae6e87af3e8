/** What is decided of keys whose times lie ahead of the clock, in every situation: ../../src/records/ahead.ts says why. */
import t from 'tap'
import { decide } from '../../src/keys/transitions.ts'
import type { SigningKey } from '../../src/records/signing-key.ts'
import { HOUR } from '../support/signing-keys.ts'
import { only, published } from './key-promises.ts'
import { everySituation, everyWish, inWords, NOW, told, writtenAhead } from './key-situations.ts'

t.test('what a clock wrote that was ahead is planned from when that was seen, as if it was written then', async t => {
  const faults: string[] = []
  for (const facts of everySituation())
    for (const wish of everyWish(facts.keys)) {
      const decisionOn = (keys: readonly SigningKey[]) =>
        JSON.stringify(decide(wish, { ...facts, keys, standby: 'usable' }))
      if (decisionOn(writtenAhead(facts.keys)) !== decisionOn(facts.keys)) faults.push(inWords(facts, wish))
    }
  t.strictSame(faults.slice(0, 3), [], `${faults.length} faults`)
})

t.test(
  'that times lie ahead, or do no longer, is noted before anything is planned by them, of what is published',
  async t => {
    const faults: string[] = []
    for (const facts of everySituation()) {
      const { keys } = facts
      if (only(keys, 'active') === undefined || only(keys, 'pending') === undefined) continue
      const unseen = writtenAhead(keys).map(key => ({ ...key, seenAheadAtMs: null }))
      const fromAnotherTime = writtenAhead(keys).map(key => ({ ...key, seenAheadAtMs: key.sinceMs }))
      const over = keys.map(key => ({ ...key, seenAheadAtMs: NOW - HOUR }))
      for (const [stored, words] of [
        [unseen, 'ahead'],
        [fromAnotherTime, 'ahead'],
        [over, 'ahead no longer'],
      ] as const) {
        const steps = told(decide({ type: 'advance' }, { ...facts, keys: stored, standby: 'usable' }))
        if (
          steps.join() !==
          published(keys)
            .map(({ kid }) => `${kid} lies ${words}`)
            .join()
        )
          faults.push(inWords(facts, { type: 'advance' }))
      }
    }
    t.strictSame(faults.slice(0, 3), [], `${faults.length} faults`)
  },
)

t.test('what was seen while this clock was behind plans nothing once it is right', async t => {
  const faults: string[] = []
  for (const facts of everySituation())
    for (const wish of everyWish(facts.keys)) {
      if (wish.type === 'advance') continue
      const keys = facts.keys.map(key => ({ ...key, seenAheadAtMs: NOW - 20_000 * 24 * HOUR }))
      const [noted, plain] = [keys, facts.keys].map(known =>
        JSON.stringify(decide(wish, { ...facts, keys: known, standby: 'usable' })),
      )
      if (noted !== plain) faults.push(inWords(facts, wish))
    }
  t.strictSame(faults.slice(0, 3), [], `${faults.length} faults`)
})
