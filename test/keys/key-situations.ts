/** Every situation that the signing keys of a database can be in, as far as a decision can tell them apart; no clock, no disk. */
import type { Decision, Situation, Wish } from '../../src/keys/transitions.ts'
import type { SigningKey, SigningKeyState } from '../../src/records/signing-key.ts'
import { DAY, HOUR } from '../support/signing-keys.ts'

export const NOW = Date.UTC(2030, 0, 1)
export const LEAD = DAY
export const LEAST_LEAD = HOUR / 3
export const INTERVAL = 90 * DAY
export const AHEAD = 3650 * DAY

export function keyWith(kid: string, state: SigningKeyState, more: Partial<SigningKey> = {}): SigningKey {
  return {
    ...{ kid, state, cause: 'before', publicJwk: { kid } },
    ...{ sinceMs: NOW - DAY, createdAtMs: NOW - 100 * DAY, activatesAtMs: NOW - DAY },
    ...{ rotationAskedAtMs: null, retiresAtMs: null, seenAheadAtMs: null },
    ...more,
  }
}

type Keys = readonly SigningKey[]

/** A millisecond before a boundary, at it, and one after. */
const around = (boundaryMs: number): readonly number[] => [boundaryMs - 1, boundaryMs, boundaryMs + 1]

/** None, and one that has signed for a day, and around the interval. */
const actives: readonly Keys[] = [
  [],
  ...[NOW - DAY, ...around(NOW - INTERVAL)].map(sinceMs => [keyWith('active', 'active', { sinceMs })]),
]

/** None, and one whose lead is over in an hour, and around now, asked or not. */
const pendings: readonly Keys[] = [
  [],
  ...[NOW + HOUR, ...around(NOW)].flatMap(activatesAtMs =>
    [null, NOW - HOUR, NOW].map(rotationAskedAtMs => [
      keyWith('pending', 'pending', { activatesAtMs, rotationAskedAtMs }),
    ]),
  ),
]

/** None, one and two, of which the last token expires around now. */
const retirings: readonly Keys[] = [
  [],
  ...around(NOW).map(retiresAtMs => [keyWith('retiring', 'retiring', { retiresAtMs })]),
  ...around(NOW).flatMap(one =>
    around(NOW).map(other => [
      keyWith('retiring', 'retiring', { retiresAtMs: one }),
      keyWith('retiring 2', 'retiring', { retiresAtMs: other }),
    ]),
  ),
]

/** Keys that are gone. */
const gone: readonly Keys[] = [
  [],
  [keyWith('retired', 'retired')],
  [keyWith('revoked', 'revoked')],
  [keyWith('retired', 'retired'), keyWith('revoked', 'revoked', { retiresAtMs: NOW })],
]

/** The same keys as a clock wrote them that was ten years ahead, when that was seen at the moment at which each came into its state. */
export const writtenAhead = (keys: Keys): Keys =>
  keys.map(key => ({
    ...key,
    sinceMs: key.sinceMs + AHEAD,
    createdAtMs: key.createdAtMs + AHEAD,
    activatesAtMs: key.activatesAtMs + AHEAD,
    rotationAskedAtMs: key.rotationAskedAtMs && key.rotationAskedAtMs + AHEAD,
    retiresAtMs: key.retiresAtMs && key.retiresAtMs + AHEAD,
    seenAheadAtMs: key.sinceMs,
  }))

export const standbys: readonly Situation['standby'][] = ['unknown', 'usable', 'unusable', 'locked']

/** Every set of keys with every policy, before anybody has looked at the standby. */
export function* everySituation(): Generator<Omit<Situation, 'standby'>> {
  for (const rotationIntervalMs of [undefined, INTERVAL])
    for (const active of actives)
      for (const pending of pendings)
        for (const retiring of retirings)
          for (const past of gone)
            yield {
              keys: [...past, ...retiring, ...active, ...pending],
              nowMs: NOW,
              policy: { rotationIntervalMs, publishLeadMs: LEAD },
            }
}

/** Every wish that can be had about these keys, and about one that is not among them. */
export const everyWish = (keys: Keys): readonly Wish[] => [
  ...(['settle', 'advance', 'rotate'] as const).map(type => ({ type })),
  { type: 'revoke_all', reason: 'stolen' },
  ...[...keys.map(({ kid }) => kid), 'unknown'].map(kid => ({ type: 'revoke', kid, reason: 'stolen' }) as const),
]

export const inWords = (situation: Omit<Situation, 'standby'>, wish: Wish): string =>
  JSON.stringify({ wish, ...situation })

/** A decision in words. */
export function told(decision: Decision): readonly string[] {
  if (decision.refusal !== undefined) return [`refused: ${decision.refusal}`]
  return decision.steps.map(step => {
    if (step.type === 'move') return `${step.kid}: ${step.from} → ${step.to} (${step.cause})`
    if (step.type === 'add') return `new ${step.state}${step.isAsked ? ', asked' : ''} (${step.cause})`
    if (step.type === 'note_ahead') return `${step.kid} lies ${step.isAhead ? 'ahead' : 'ahead no longer'}`
    return `${step.kid} is asked`
  })
}
