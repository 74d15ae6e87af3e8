/** The life of the signing keys as data: every wish in every situation, and the cases that matter most in words. */
import t from 'tap'
import { decide, type Situation, type Wish } from '../../src/keys/transitions.ts'
import type { SigningKey } from '../../src/records/signing-key.ts'
import { HOUR } from '../support/signing-keys.ts'
import { brokenBy, only, published } from './key-promises.ts'
import { everySituation, everyWish, INTERVAL, inWords, keyWith, LEAD, NOW, standbys, told } from './key-situations.ts'

t.test('every wish in every situation keeps what is promised of the keys', async t => {
  const faults: string[] = []
  let decisions = 0
  for (const facts of everySituation())
    for (const wish of everyWish(facts.keys))
      for (const standby of standbys) {
        const situation = { ...facts, standby }
        const decision = decide(wish, situation)
        decisions += 1
        if (decision.refusal !== undefined) continue
        for (const promise of brokenBy(decision.steps, wish, situation))
          faults.push(`${promise}: ${inWords(situation, wish)}`)
      }
  t.ok(decisions > 100_000, `${decisions} decisions`)
  t.strictSame(faults.slice(0, 3), [], `${faults.length} faults`)
})

t.test('the standby is looked at when, and only when, the decision depends on it', async t => {
  const faults: string[] = []
  let looks = 0
  for (const facts of everySituation())
    for (const wish of everyWish(facts.keys)) {
      const [unknown, ...known] = standbys.map(standby => JSON.stringify(decide(wish, { ...facts, standby })))
      const mustLook = unknown === JSON.stringify({ refusal: 'standby_unknown' })
      looks += Number(mustLook)
      const isRight = mustLook ? new Set(known).size > 1 : known.every(each => each === unknown)
      if (!isRight || known.some(each => each.includes('standby_unknown'))) faults.push(inWords(facts, wish))
    }
  t.ok(looks > 0)
  t.strictSame(faults.slice(0, 3), [], `${faults.length} faults`)
})

t.test('a refusal has no steps, and is given to who has no keys, no pair or no such key in the JWKS', async t => {
  const faults: string[] = []
  for (const facts of everySituation())
    for (const wish of everyWish(facts.keys)) {
      const decision = decide(wish, { ...facts, standby: 'usable' })
      if (
        decision.refusal !== expectedRefusal(facts.keys, wish) ||
        'steps' in decision === (decision.refusal !== undefined)
      )
        faults.push(`${decision.refusal}: ${inWords(facts, wish)}`)
    }
  t.strictSame(faults.slice(0, 3), [], `${faults.length} faults`)
})

function expectedRefusal(keys: readonly SigningKey[], wish: Wish): string | undefined {
  if (wish.type === 'settle') return undefined
  if (wish.type === 'revoke_all') return published(keys).length === 0 ? 'no_keys' : undefined
  if (keys.length === 0) return 'no_keys'
  if (only(keys, 'active') === undefined || only(keys, 'pending') === undefined) return 'no_pair'
  const isThere = wish.type !== 'revoke' || published(keys).some(({ kid }) => kid === wish.kid)
  return isThere ? undefined : 'not_published'
}

t.test(
  'the service retires what has expired, then rotates when it is asked or the interval is over, and never else',
  async t => {
    const faults: string[] = []
    for (const facts of everySituation()) {
      const { keys, policy } = facts
      const [active, pending] = [only(keys, 'active'), only(keys, 'pending')]
      if (active === undefined || pending === undefined) continue
      const expired = keys.filter(({ state, retiresAtMs }) => state === 'retiring' && (retiresAtMs ?? 0) <= NOW)
      const isOver = policy.rotationIntervalMs !== undefined && active.sinceMs <= NOW - INTERVAL
      const isDue = pending.activatesAtMs <= NOW && (isOver || pending.rotationAskedAtMs !== null)
      const cause = pending.rotationAskedAtMs === null ? 'rotation_interval' : 'rotation_asked'
      const retirements = expired.map(({ kid }) => `${kid}: retiring → retired (tokens_expired)`)
      const expected = retirements.length === 0 && isDue ? rotation(cause) : retirements
      const wish = { type: 'advance' } as const
      if (told(decide(wish, { ...facts, standby: 'usable' })).join() !== expected.join())
        faults.push(inWords(facts, wish))
    }
    t.strictSame(faults.slice(0, 3), [], `${faults.length} faults`)
  },
)

function rotation(cause: string): readonly string[] {
  return [`active: active → retiring (${cause})`, `pending: pending → active (${cause})`, `new pending (${cause})`]
}

const ready = [keyWith('active', 'active'), keyWith('pending', 'pending')]
const early = [keyWith('active', 'active'), keyWith('pending', 'pending', { activatesAtMs: NOW + HOUR })]
const due = [keyWith('active', 'active', { sinceMs: NOW - INTERVAL }), keyWith('pending', 'pending')]
const asked = [keyWith('active', 'active'), keyWith('pending', 'pending', { rotationAskedAtMs: NOW - HOUR })]
const expired = keyWith('old', 'retiring', { retiresAtMs: NOW })
const retiring = keyWith('retiring', 'retiring', { retiresAtMs: NOW + HOUR })

interface Row {
  readonly when: string
  readonly keys: readonly SigningKey[]
  readonly standby?: Situation['standby']
  readonly steps: readonly string[]
}

const revoked = (kid: string) => `${kid}: ${kid} → revoked (stolen)`
const fresh = (cause: string) => [`new active (${cause})`, `new pending (${cause})`]

const table: readonly (readonly [Wish, readonly Row[]])[] = [
  [
    { type: 'settle' },
    [
      { when: 'there are no keys', keys: [], steps: fresh('first_key') },
      { when: 'there are keys', keys: due, steps: [] },
    ],
  ],
  [
    { type: 'advance' },
    [
      { when: 'nothing is due', keys: [...ready, retiring], standby: 'unknown', steps: [] },
      { when: 'the interval is over', keys: due, steps: rotation('rotation_interval') },
      { when: 'somebody asked', keys: asked, steps: rotation('rotation_asked') },
      { when: 'nobody has looked at the standby', keys: due, standby: 'unknown', steps: ['refused: standby_unknown'] },
      { when: 'the standby is of no use', keys: due, standby: 'unusable', steps: ['refused: standby_unusable'] },
      { when: 'the standby is locked', keys: due, standby: 'locked', steps: ['refused: standby_unusable'] },
      {
        when: 'a key has expired, and a rotation is due that is held up',
        keys: [expired, ...due],
        standby: 'unusable',
        steps: ['old: retiring → retired (tokens_expired)'],
      },
    ],
  ],
  [
    { type: 'rotate' },
    [
      { when: 'the standby may sign', keys: ready, steps: rotation('rotation_asked') },
      { when: 'its lead is not over', keys: early, steps: ['pending is asked'] },
      { when: 'it is of no use', keys: ready, standby: 'unusable', steps: ['refused: standby_unusable'] },
      {
        when: 'its lead is not over, and it is locked',
        keys: early,
        standby: 'locked',
        steps: ['refused: standby_unusable'],
      },
      { when: 'there are no keys', keys: [], steps: ['refused: no_keys'] },
    ],
  ],
  [
    { type: 'revoke', kid: 'active', reason: 'stolen' },
    [
      {
        when: 'the standby works, though its lead is not over',
        keys: early,
        steps: [
          revoked('active'),
          'pending: pending → active (active_key_revoked)',
          'new pending, asked (active_key_revoked)',
        ],
      },
      {
        when: 'the standby is of no use',
        keys: ready,
        standby: 'unusable',
        steps: [revoked('active'), 'pending: pending → revoked (unusable)', ...fresh('active_key_revoked')],
      },
      { when: 'the standby is locked', keys: ready, standby: 'locked', steps: ['refused: standby_unusable'] },
    ],
  ],
  [
    { type: 'revoke', kid: 'pending', reason: 'stolen' },
    [
      { when: 'it works', keys: ready, steps: [revoked('pending'), 'new pending, asked (standby_revoked)'] },
      {
        when: 'it is of no use',
        keys: ready,
        standby: 'unusable',
        steps: [revoked('pending'), 'new pending, asked (standby_revoked)'],
      },
    ],
  ],
  [
    { type: 'revoke', kid: 'retiring', reason: 'stolen' },
    [
      { when: 'it is in the JWKS', keys: [retiring, ...ready], steps: [revoked('retiring')] },
      { when: 'there is no such key', keys: ready, steps: ['refused: not_published'] },
    ],
  ],
  [
    { type: 'revoke_all', reason: 'stolen' },
    [
      {
        when: 'all is well',
        keys: [keyWith('retired', 'retired'), retiring, ...ready],
        standby: 'unknown',
        steps: [revoked('retiring'), revoked('active'), revoked('pending'), ...fresh('all_keys_revoked')],
      },
      {
        when: 'there is no standby',
        keys: [keyWith('active', 'active')],
        steps: [revoked('active'), ...fresh('all_keys_revoked')],
      },
      { when: 'there are no keys', keys: [], steps: ['refused: no_keys'] },
    ],
  ],
]

for (const [wish, rows] of table)
  t.test(`the steps of ${wish.type} ${'kid' in wish ? `the ${wish.kid} key` : ''}`.trim(), async t => {
    for (const { when, keys, standby = 'usable', steps } of rows) {
      const policy = { rotationIntervalMs: INTERVAL, publishLeadMs: LEAD }
      t.strictSame(told(decide(wish, { keys, nowMs: NOW, policy, standby })), steps, when)
    }
  })
