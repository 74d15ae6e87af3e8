/** When a key does what: the life of a signing key as times (NIST SP 800-57 part 1 §5.3 calls them cryptoperiods). */
import { liesAhead } from '../records/ahead.ts'
import {
  CLOCK_TOLERANCE_SECONDS,
  JWKS_MAX_AGE_SECONDS,
  LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS,
  SHORTEST_PUBLISH_LEAD_SECONDS,
} from '../records/limits.ts'
import type { SigningKey, SigningKeyState } from '../records/signing-key.ts'

/** How long a key stays in the JWKS after its last signature: until the last token has expired for every verifier. */
export const RETIRING_MS =
  (LONGEST_ACCESS_TOKEN_LIFETIME_SECONDS + JWKS_MAX_AGE_SECONDS + CLOCK_TOLERANCE_SECONDS) * 1000

/** The least time between the publication of a key and its first signature, where nobody can wait for the lead. */
export const LEAST_LEAD_MS = SHORTEST_PUBLISH_LEAD_SECONDS * 1000

const PUBLISHED_STATES: readonly SigningKeyState[] = ['pending', 'active', 'retiring']
/** States in which the private half is needed. */
export const SIGNING_STATES: readonly SigningKeyState[] = ['pending', 'active']

export interface KeyPolicy {
  /** Undefined: keys are rotated only when somebody asks. */
  readonly rotationIntervalMs: number | undefined
  /** How long a key is published before it may sign. */
  readonly publishLeadMs: number
}

/** @param intervalSeconds undefined: no rotation is planned */
export const keyPolicy = (leadSeconds: number, intervalSeconds: number | undefined): KeyPolicy => ({
  publishLeadMs: leadSeconds * 1000,
  rotationIntervalMs: intervalSeconds === undefined ? undefined : intervalSeconds * 1000,
})

export const inState = (keys: readonly SigningKey[], state: SigningKey['state']): SigningKey | undefined =>
  keys.find(key => key.state === state)

/** Whether the JWKS has it. */
export const isPublished = ({ state }: SigningKey): boolean => PUBLISHED_STATES.includes(state)

/** In the order in which they were made; of two that were made together, the one that signs first. */
export const inOrderOfUse = (a: SigningKey, b: SigningKey): number =>
  a.createdAtMs - b.createdAtMs || a.activatesAtMs - b.activatesAtMs

/**
 * A key as it counts now. When the time of its state lies ahead, all of its times count from when that was first seen, and the pauses
 * between them stay what they are. The stored times are left alone: a clock that was behind for a while, and started a service,
 * must neither let a key sign sooner nor take it out of the JWKS before the last token has expired.
 */
export function asOf(nowMs: number): (key: SigningKey) => SigningKey {
  return key => {
    const aheadMs = liesAhead(key.sinceMs, nowMs) ? key.sinceMs - Math.min(key.seenAheadAtMs ?? nowMs, nowMs) : 0
    const sinceMs = key.sinceMs - aheadMs
    const { rotationAskedAtMs, retiresAtMs } = key
    return {
      ...key,
      sinceMs,
      createdAtMs: Math.min(key.createdAtMs, sinceMs),
      activatesAtMs: key.state === 'pending' ? key.activatesAtMs - aheadMs : Math.min(key.activatesAtMs, sinceMs),
      rotationAskedAtMs: rotationAskedAtMs === null ? null : Math.min(rotationAskedAtMs, nowMs),
      retiresAtMs: retiresAtMs === null ? null : retiresAtMs - aheadMs,
    }
  }
}

/** Whether what is remembered of a key is no longer what its times say. */
export function aheadIsUnnoted({ state, sinceMs, seenAheadAtMs }: SigningKey, nowMs: number): boolean {
  if (!PUBLISHED_STATES.includes(state)) return false
  if (!liesAhead(sinceMs, nowMs)) return seenAheadAtMs !== null
  return seenAheadAtMs === null || liesAhead(seenAheadAtMs, nowMs)
}

/** When the pending key starts to sign in the place of the active one; undefined when nobody asked and nothing is planned. */
export function rotatesAtMs(
  stored: readonly SigningKey[],
  { rotationIntervalMs }: KeyPolicy,
  nowMs: number,
): number | undefined {
  const keys = stored.map(asOf(nowMs))
  const [active, pending] = [inState(keys, 'active'), inState(keys, 'pending')]
  if (active === undefined || pending === undefined) return undefined
  const planned = rotationIntervalMs === undefined ? undefined : active.sinceMs + rotationIntervalMs
  const times = [pending.rotationAskedAtMs, planned].filter(time => typeof time === 'number')
  return times.length === 0 ? undefined : Math.max(Math.min(...times), pending.activatesAtMs)
}

/** The next time at which the JWKS is planned to change. */
export function nextChangeAtMs(stored: readonly SigningKey[], policy: KeyPolicy, nowMs: number): number {
  const retirements = stored
    .map(asOf(nowMs))
    .flatMap(({ state, retiresAtMs }) => (state === 'retiring' ? [retiresAtMs ?? 0] : []))
  return Math.min(rotatesAtMs(stored, policy, nowMs) ?? Number.POSITIVE_INFINITY, ...retirements)
}

/** When a key signs or signed. */
export function signingSpan(key: SigningKey): { readonly fromMs: number; readonly untilMs: number } {
  if (key.state === 'active') return { fromMs: key.sinceMs, untilMs: Number.MAX_SAFE_INTEGER }
  if (key.state === 'retiring') return { fromMs: 0, untilMs: key.sinceMs }
  return { fromMs: 0, untilMs: 0 }
}
