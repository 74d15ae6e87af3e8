/**
 * The life of the signing keys as data: what is known and what is wished become the steps of one write, or a refusal. Nothing here looks
 * at a clock, a disk or a database, so that every case can be tested; executor.ts carries the steps out.
 */
import { liesAhead } from '../records/ahead.ts'
import type { SigningKey, SigningKeyState, Transition } from '../records/signing-key.ts'
import type { GeneratedKey } from './rsa.ts'
import {
  aheadIsUnnoted,
  asOf,
  inState,
  isPublished,
  type KeyPolicy,
  LEAST_LEAD_MS,
  RETIRING_MS,
  rotatesAtMs,
} from './schedule.ts'

export type Wish =
  /** That there are keys. */
  | { readonly type: 'settle' }
  /** That what is due next is done. */
  | { readonly type: 'advance' }
  /** That the standby signs as soon as it may. */
  | { readonly type: 'rotate' }
  /** That this key leaves the JWKS. */
  | { readonly type: 'revoke'; readonly kid: string; readonly reason: string }
  /** That every key does. */
  | { readonly type: 'revoke_all'; readonly reason: string }

export interface Situation {
  readonly keys: readonly SigningKey[]
  readonly nowMs: number
  readonly policy: KeyPolicy
  /** Whether the standby's private half signs; `locked` when that can't be known, because of the key that encrypts it. */
  readonly standby: 'unknown' | 'usable' | 'unusable' | 'locked'
}

export type Step =
  | {
      readonly type: 'move'
      readonly kid: string
      readonly from: SigningKeyState
      readonly to: Exclude<SigningKeyState, 'pending'>
      readonly cause: string
    }
  /** A new key; one that is asked follows a revocation: it is to sign as soon as it may, and does not wait for the whole lead. */
  | { readonly type: 'add'; readonly state: 'active' | 'pending'; readonly cause: string; readonly isAsked: boolean }
  | { readonly type: 'ask_rotation'; readonly kid: string }
  /** What is remembered of times that lie ahead. */
  | { readonly type: 'note_ahead'; readonly kid: string; readonly isAhead: boolean }

export type StepOf<Type extends Step['type']> = Extract<Step, { readonly type: Type }>

/** `standby_unknown`: somebody has to look at the standby's private half first. */
export type Refusal = 'no_keys' | 'no_pair' | 'not_published' | 'standby_unknown' | 'standby_unusable'

export type Decision =
  /** In this order: at no point is there a second active or pending key. None: nothing is to be done. */
  { readonly steps: readonly Step[]; readonly refusal?: undefined } | { readonly refusal: Refusal }

interface Pair {
  readonly active: SigningKey
  readonly pending: SigningKey
}

const move = ({ kid, state }: SigningKey, to: StepOf<'move'>['to'], cause: string): Step => ({
  ...{ type: 'move', kid, from: state, to, cause },
})
const add = (state: 'active' | 'pending', cause: string, isAsked = false): Step => ({
  ...{ type: 'add', state, cause, isAsked },
})
const newPair = (cause: string): readonly Step[] => [add('active', cause), add('pending', cause)]

/** The standby takes over from the active key, and a new one stands by. */
const change = ({ active, pending }: Pair, cause: string): readonly Step[] => [
  move(active, 'retiring', cause),
  move(pending, 'active', cause),
  add('pending', cause),
]

/** Nothing forces a rotation: a standby that is of no use has to be mended first. */
const unlessUsable = (standby: Situation['standby']): Refusal | undefined => {
  if (standby === 'unknown') return 'standby_unknown'
  return standby === 'usable' ? undefined : 'standby_unusable'
}

const noteAhead =
  (nowMs: number): ((key: SigningKey) => Step) =>
  ({ kid, sinceMs }) => ({ type: 'note_ahead', kid, isAhead: liesAhead(sinceMs, nowMs) })

/** What has expired leaves first, in a write of its own: whatever holds up a rotation does not hold up that. */
function advance({ keys, nowMs, policy, standby }: Situation, pair: Pair): Decision {
  const expired = keys.filter(({ state, retiresAtMs }) => state === 'retiring' && (retiresAtMs ?? 0) <= nowMs)
  if (expired.length > 0) return { steps: expired.map(key => move(key, 'retired', 'tokens_expired')) }
  const dueAtMs = rotatesAtMs(keys, policy, nowMs)
  if (dueAtMs === undefined || dueAtMs > nowMs) return { steps: [] }
  const refusal = unlessUsable(standby)
  if (refusal !== undefined) return { refusal }
  return { steps: change(pair, pair.pending.rotationAskedAtMs === null ? 'rotation_interval' : 'rotation_asked') }
}

function rotate({ nowMs, standby }: Situation, pair: Pair): Decision {
  const refusal = unlessUsable(standby)
  if (refusal !== undefined) return { refusal }
  const { kid, activatesAtMs } = pair.pending
  return { steps: activatesAtMs > nowMs ? [{ type: 'ask_rotation', kid }] : change(pair, 'rotation_asked') }
}

/**
 * The standby signs at once, or a new key if the standby is of no use. The next standby follows it as soon as it may: there are
 * verifiers that fetch the JWKS only for a kid that they do not know, and the standby they know.
 */
function replaceActive({ active, pending }: Pair, standbyWorks: boolean, reason: string): readonly Step[] {
  const cause = 'active_key_revoked'
  const revoked = move(active, 'revoked', reason)
  return standbyWorks
    ? [revoked, move(pending, 'active', cause), add('pending', cause, true)]
    : [revoked, move(pending, 'revoked', 'unusable'), ...newPair(cause)]
}

function revoke({ keys, standby }: Situation, pair: Pair, kid: string, reason: string): Decision {
  const key = keys.find(each => each.kid === kid)
  if (key === undefined || !isPublished(key)) return { refusal: 'not_published' }
  if (standby === 'unknown') return { refusal: 'standby_unknown' }
  // What is made without the right encryption key is of no use to the service.
  if (standby === 'locked') return { refusal: 'standby_unusable' }
  if (key === pair.active) return { steps: replaceActive(pair, standby === 'usable', reason) }
  const revoked = move(key, 'revoked', reason)
  return { steps: key === pair.pending ? [revoked, add('pending', 'standby_revoked', true)] : [revoked] }
}

function revokeAll({ keys }: Situation, reason: string): Decision {
  const published = keys.filter(isPublished)
  if (published.length === 0) return { refusal: 'no_keys' }
  return { steps: [...published.map(key => move(key, 'revoked', reason)), ...newPair('all_keys_revoked')] }
}

/** What a wish comes to. */
export function decide(wish: Wish, stored: Situation): Decision {
  const { nowMs } = stored
  const keys = stored.keys.map(asOf(nowMs))
  const situation = { ...stored, keys }
  if (wish.type === 'settle') return { steps: keys.length === 0 ? newPair('first_key') : [] }
  if (wish.type === 'revoke_all') return revokeAll(situation, wish.reason)
  if (keys.length === 0) return { refusal: 'no_keys' }
  const [active, pending] = [inState(keys, 'active'), inState(keys, 'pending')]
  if (active === undefined || pending === undefined) return { refusal: 'no_pair' }
  const pair = { active, pending }
  if (wish.type === 'advance') {
    // Before anything is planned by them.
    const unnoted = stored.keys.filter(key => aheadIsUnnoted(key, nowMs))
    return unnoted.length > 0 ? { steps: unnoted.map(noteAhead(nowMs)) } : advance(situation, pair)
  }
  if (wish.type === 'rotate') return rotate(situation, pair)
  return revoke(situation, pair, wish.kid, wish.reason)
}

/** A step as it is written at this time. */
export const transitionAt = (atMs: number, { kid, from, to, cause }: StepOf<'move'>): Transition => ({
  ...{ kid, from, to, cause, atMs },
  retiresAtMs: to === 'retiring' ? atMs + RETIRING_MS : null,
})

/** The record of a key that begins at this time. */
export const newKeyAt = (
  atMs: number,
  { state, cause, isAsked }: StepOf<'add'>,
  { kid, publicJwk }: Pick<GeneratedKey, 'kid' | 'publicJwk'>,
  { publishLeadMs }: KeyPolicy,
): SigningKey => ({
  ...{ kid, publicJwk, state, cause, sinceMs: atMs, createdAtMs: atMs, retiresAtMs: null },
  activatesAtMs: state === 'active' ? atMs : atMs + (isAsked ? LEAST_LEAD_MS : publishLeadMs),
  rotationAskedAtMs: isAsked ? atMs : null,
  seenAheadAtMs: null,
})
