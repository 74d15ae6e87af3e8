/** What is promised of the signing keys, whatever is wished, and a database in a few lines to hold the steps against. */
import { decide, newKeyAt, type Situation, type Step, transitionAt, type Wish } from '../../src/keys/transitions.ts'
import type { SigningKey, SigningKeyState } from '../../src/records/signing-key.ts'
import { RETIRING } from '../support/signing-keys.ts'
import { LEAD, LEAST_LEAD, NOW } from './key-situations.ts'

type Keys = readonly SigningKey[]

/** The steps that the life of a key has. */
const edges: Readonly<Record<SigningKeyState, readonly SigningKeyState[]>> = {
  pending: ['active', 'revoked'],
  active: ['retiring', 'revoked'],
  retiring: ['retired', 'revoked'],
  retired: [],
  revoked: [],
}

export const published = (keys: Keys): Keys =>
  keys.filter(({ state }) => ['pending', 'active', 'retiring'].includes(state))
export const only = (keys: Keys, state: SigningKeyState): SigningKey | undefined =>
  keys.find(key => key.state === state)
const count = (keys: Keys, state: SigningKeyState): number => keys.filter(key => key.state === state).length

/** What the database does with a step, and refuses. */
function applied(keys: Keys, step: Step, { policy }: Situation, number: number): Keys {
  if (step.type === 'add') {
    if (count(keys, step.state) > 0) throw new Error(`a second ${step.state} key`)
    return [...keys, newKeyAt(NOW, step, { kid: `new ${number}`, publicJwk: {} }, policy)]
  }
  const key = keys.find(({ kid }) => kid === step.kid)
  if (key === undefined) throw new Error(`there is no key ${step.kid}`)
  const others = keys.filter(each => each !== key)
  if (step.type === 'ask_rotation') {
    if (key.state !== 'pending') throw new Error(`a ${key.state} key is asked`)
    return [...others, { ...key, rotationAskedAtMs: NOW }]
  }
  if (step.type === 'note_ahead') return [...others, { ...key, seenAheadAtMs: step.isAhead ? NOW : null }]
  const { from, to, atMs, cause, retiresAtMs } = transitionAt(NOW, step)
  if (key.state !== from || !edges[from].includes(to)) throw new Error(`from ${key.state} as ${from} to ${to}`)
  if (to === 'active' && count(keys, 'active') > 0) throw new Error('a second active key')
  return [...others, { ...key, state: to, sinceMs: atMs, cause, retiresAtMs }]
}

const keysAfter = (situation: Situation, steps: readonly Step[]): Keys =>
  steps.reduce((keys, step, number) => applied(keys, step, situation, number), situation.keys)

interface Case {
  readonly situation: Situation
  readonly wish: Wish
  readonly before: Keys
  readonly steps: readonly Step[]
  /** The keys when the steps are done. */
  readonly now: Keys
}

const isRevocation = ({ wish }: Case): boolean => wish.type === 'revoke' || wish.type === 'revoke_all'
const had = ({ before }: Case) => ({ active: only(before, 'active'), pending: only(before, 'pending') })
const has = ({ now }: Case) => ({ active: only(now, 'active'), pending: only(now, 'pending') })
const isNew = ({ before }: Case, key: SigningKey | undefined): boolean => !before.some(({ kid }) => kid === key?.kid)
/** The keys of before that the JWKS has no longer, as they are now. */
const left = ({ before, now }: Case): Keys =>
  published(before)
    .map(({ kid }) => now.find(key => key.kid === kid) as SigningKey)
    .filter(key => published([key]).length === 0)
const revokesActive = ({ wish, before }: Case): boolean =>
  wish.type === 'revoke' && wish.kid === only(before, 'active')?.kid

/** What holds whenever something is done. */
const promises: Readonly<Record<string, (done: Case) => boolean>> = {
  'there is one active and one pending key': ({ now }) => count(now, 'active') === 1 && count(now, 'pending') === 1,
  'each step says why': ({ steps }) => steps.every(step => !('cause' in step) || step.cause !== ''),
  'a retired or revoked key stays as it is': ({ before, now }) =>
    before.every(key => !['retired', 'revoked'].includes(key.state) || now.includes(key)),
  'nothing leaves the JWKS before its time but by a revocation': done =>
    isRevocation(done) ||
    left(done).every(({ kid, state }) => {
      const key = done.before.find(each => each.kid === kid)
      return state === 'retired' && key?.state === 'retiring' && (key.retiresAtMs ?? 0) <= NOW
    }),
  'what is revoked leaves the JWKS, and nothing beside it but a standby that is of no use': done => {
    const { wish, before, situation } = done
    if (!isRevocation(done)) return true
    const spared = (key: SigningKey) =>
      wish.type === 'revoke' &&
      key.kid !== wish.kid &&
      !(revokesActive(done) && key.state === 'pending' && situation.standby === 'unusable')
    const expected = published(before).filter(key => !spared(key))
    const kids = left(done).map(({ kid, state }) => `${kid} ${state}`)
    return kids.join() === expected.map(({ kid }) => `${kid} revoked`).join()
  },
  'a key that stops signing without a revocation is published for 12 h 10 min': done => {
    const stopped = done.now.find(({ kid }) => kid === had(done).active?.kid)
    return isRevocation(done) || stopped?.state !== 'retiring' || stopped.retiresAtMs === NOW + RETIRING
  },
  'a standby signs only when its private half works': done =>
    has(done).active?.kid !== 'pending' || done.situation.standby === 'usable',
  'without a revocation the signer changes only to a standby that was published for its lead': done =>
    isRevocation(done) ||
    done.wish.type === 'settle' ||
    has(done).active?.kid === had(done).active?.kid ||
    (has(done).active?.kid === had(done).pending?.kid && (had(done).pending?.activatesAtMs ?? 0) <= NOW),
  'a new key signs without a lead only when no other can': done =>
    !isNew(done, has(done).active) ||
    ['settle', 'revoke_all'].includes(done.wish.type) ||
    (revokesActive(done) && done.situation.standby === 'unusable'),
  'a new standby may sign after its lead, and after 20 minutes when it follows a revocation': done =>
    !isNew(done, has(done).pending) ||
    has(done).pending?.activatesAtMs === NOW + (has(done).pending?.rotationAskedAtMs === null ? LEAD : LEAST_LEAD),
  'a new standby is asked to follow when a verifier may know all that signs after a revocation, and only then': done =>
    !isNew(done, has(done).pending) ||
    (has(done).pending?.rotationAskedAtMs === NOW) === (done.wish.type === 'revoke' && !isNew(done, has(done).active)),
  'after a revocation of the active key its standby signs at once, if it can': done =>
    !revokesActive(done) || done.situation.standby !== 'usable' || has(done).active?.kid === 'pending',
  'a rotation that is wished is done when the lead of the standby is over, and asked before': done => {
    if (done.wish.type !== 'rotate') return true
    const isReady = (had(done).pending?.activatesAtMs ?? 0) <= NOW
    return isReady ? has(done).active?.kid === 'pending' : has(done).pending?.rotationAskedAtMs === NOW
  },
  'no key takes two steps at a time': ({ situation, wish, steps, now }) => {
    if (wish.type !== 'advance' && wish.type !== 'settle') return true
    const again = decide(wish, { ...situation, keys: now })
    const kids = [...steps, ...(again.refusal === undefined ? again.steps : [])].flatMap(step =>
      step.type === 'move' ? [step.kid] : [],
    )
    return new Set(kids).size === kids.length
  },
}

/** Which of them do not hold when these steps are done. */
export function brokenBy(steps: readonly Step[], wish: Wish, situation: Situation): readonly string[] {
  if (steps.length === 0) return []
  try {
    const done = { situation, wish, before: situation.keys, steps, now: keysAfter(situation, steps) }
    return Object.keys(promises).filter(promise => promises[promise]?.(done) !== true)
  } catch (error) {
    return [String(error)]
  }
}
