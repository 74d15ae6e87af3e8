/**
 * The life of the signing keys: every step is one write, with its time, its cause and an audit event. A new key's file is prepared
 * before that write and takes its name after it, so that wherever the process is killed, the database says what holds.
 */

import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Provenance } from '../records/audit-event.ts'
import { KeyError, type SigningKey, type SigningKeyReader, type SigningKeyState } from '../records/signing-key.ts'
import type { Stores, Write } from '../records/unit-of-work.ts'
import { createNewKeys, Overtaken } from './new-keys.ts'
import { EncryptionKeyError, type PrivateKeys, readProved } from './private-keys.ts'
import type { GeneratedKey } from './rsa.ts'
import { inState, type KeyPolicy, PUBLISHED_STATES, RETIRING_MS, rotatesAtMs } from './schedule.ts'

export interface KeyLifecycle {
  list(): Promise<readonly SigningKey[]>
  /** Makes the first keys if there are none, and finishes what a process left half done that was killed. */
  settle(by: Provenance): Promise<void>
  /** Does every step that is due. */
  advance(by: Provenance): Promise<void>
  /**
   * Lets the standby sign: at once when it was published for long enough, else as soon as it was.
   * @returns the key, and the time at which it signs or began to
   * @throws KeyError when the standby's private half is of no use
   */
  rotate(by: Provenance): Promise<{ readonly kid: string; readonly activatesAtMs: number }>
  /**
   * Takes a key out of the JWKS; if it is the one that signs, the standby does so at once.
   * @returns whether verifiers know the key that signs now
   * @throws KeyError when there is no such key, or it is in the JWKS no longer
   */
  revoke(kid: string, reason: string, by: Provenance): Promise<{ readonly signerIsKnown: boolean }>
  /** Removes private halves that are needed no more. */
  removeSpentFiles(): Promise<void>
  /** Takes all keys out of the JWKS and makes new ones, which are used at once. */
  revokeAll(reason: string, by: Provenance): Promise<readonly string[]>
}

const events = {
  pending: 'signing_key.add',
  active: 'signing_key.activate',
  retiring: 'signing_key.stop_signing',
  retired: 'signing_key.retire',
  revoked: 'signing_key.revoke',
} as const

const isPublished = ({ state }: SigningKey): boolean => PUBLISHED_STATES.includes(state)

interface Pair {
  readonly active: SigningKey
  readonly pending: SigningKey
}

interface NewKey {
  readonly state: 'pending' | 'active'
  readonly cause: string
  /** Whether it is to sign as soon as it may, before the interval is over. */
  readonly isAsked?: boolean
}

export function createKeyLifecycle(dependencies: {
  readonly privateKeys: PrivateKeys
  readonly keys: SigningKeyReader
  readonly write: Write
  readonly clock: Clock
  readonly policy: KeyPolicy
  readonly log: Logger
}): KeyLifecycle {
  const { privateKeys, keys, write, clock, policy, log } = dependencies
  const newKeys = createNewKeys({ privateKeys, keys, write })

  async function step(stores: Stores, key: SigningKey, to: SigningKeyState, cause: string, by: Provenance) {
    const atMs = clock.now()
    const retiresAtMs = to === 'retiring' ? atMs + RETIRING_MS : null
    const done = await stores.signingKeys.step({ kid: key.kid, from: key.state, to, atMs, cause, retiresAtMs })
    if (!done) throw new Overtaken()
    await stores.audit.append({ type: events[to], outcome: 'success', reason: cause, target: key.kid, provenance: by })
  }

  async function add(stores: Stores, key: GeneratedKey | undefined, as: NewKey, by: Provenance): Promise<void> {
    if (key === undefined) throw new Error('A key is missing that was to be made.')
    const nowMs = clock.now()
    const { kid, publicJwk } = key
    const { state, cause, isAsked = false } = as
    const isNew = await stores.signingKeys.insert({
      ...{ kid, publicJwk, state, cause, sinceMs: nowMs, createdAtMs: nowMs, retiresAtMs: null },
      activatesAtMs: state === 'active' ? nowMs : nowMs + policy.publishLeadMs,
      rotationAskedAtMs: isAsked ? nowMs : null,
    })
    if (!isNew) throw new Overtaken()
    const event = { type: 'signing_key.add', outcome: 'success', reason: state, target: kid } as const
    await stores.audit.append({ ...event, provenance: by })
  }

  /** The standby takes over from the active key, and a new one stands by. */
  async function switchTo(
    pending: SigningKey,
    active: SigningKey,
    activeTo: SigningKeyState,
    cause: string,
    by: Provenance,
  ) {
    const done = await newKeys.use(1, async (stores, [standby]) => {
      await step(stores, active, activeTo, cause, by)
      await step(stores, pending, 'active', cause, by)
      await add(stores, standby, { state: 'pending', cause }, by)
    })
    if (done) await newKeys.removeSpentFiles()
    return done
  }

  /** Both keys that there must always be. */
  async function signingPair(): Promise<Pair & { all: readonly SigningKey[] }> {
    const all = await keys.list()
    if (all.length === 0) throw new KeyError('There are no signing keys yet: signet serve makes the first ones.')
    const [active, pending] = [inState(all, 'active'), inState(all, 'pending')]
    if (active === undefined || pending === undefined)
      throw new KeyError(
        'The database knows signing keys, but no active one with a standby. Run: signet keys revoke --all --reason …',
      )
    return { all, active, pending }
  }

  async function makeFirst(by: Provenance): Promise<void> {
    const known = (await keys.list()).length > 0
    if (known) return
    const done = await newKeys.use(2, async (stores, [active, standby]) => {
      if ((await stores.signingKeys.list()).length > 0) throw new Overtaken()
      await add(stores, active, { state: 'active', cause: 'first_key' }, by)
      await add(stores, standby, { state: 'pending', cause: 'first_key' }, by)
    })
    if (done) log.info('made the first signing keys: the database had none')
  }

  async function tidyUp(): Promise<void> {
    const strangers = await newKeys.finishFiles()
    // A database beside files that it does not know is most often the wrong database.
    if (strangers > 0)
      log.warn(
        `there are files of ${strangers} other keys, which this database does not know: is SIGNET_DATABASE_URL right?`,
      )
  }

  async function retire(key: SigningKey, by: Provenance): Promise<void> {
    await write(stores => step(stores, key, 'retired', 'tokens_expired', by)).catch(ignoreOvertaken)
  }

  /** A key that does not sign; a standby is replaced by a new one, which is asked to sign for the reason below. */
  const drop = (key: SigningKey, reason: string, by: Provenance) =>
    newKeys.use(key.state === 'pending' ? 1 : 0, async (stores, [standby]) => {
      await step(stores, key, 'revoked', reason, by)
      if (key.state === 'pending')
        await add(stores, standby, { state: 'pending', cause: 'standby_revoked', isAsked: true }, by)
    })

  /**
   * The standby signs at once, or a new key if the standby is of no use. The next standby follows it as soon as it may: there are
   * verifiers that fetch the JWKS only for a kid that they do not know, and the standby they know.
   */
  async function replaceActive(parties: Pair, standbyWorks: boolean, reason: string, by: Provenance) {
    const { active, pending } = parties
    const cause = 'active_key_revoked'
    return newKeys.use(standbyWorks ? 1 : 2, async (stores, [standby, instead]) => {
      await step(stores, active, 'revoked', reason, by)
      await step(stores, pending, standbyWorks ? 'active' : 'revoked', standbyWorks ? cause : 'unusable', by)
      if (!standbyWorks) await add(stores, instead, { state: 'active', cause }, by)
      await add(stores, standby, { state: 'pending', cause, isAsked: standbyWorks }, by)
    })
  }

  /**
   * Whether the standby can sign.
   * @throws KeyError when that can't be known because of the encryption key: new files would be of no use to the service
   */
  const isUsable = (key: SigningKey): Promise<boolean> =>
    readProved(privateKeys, key).then(
      () => true,
      error => {
        if (error instanceof EncryptionKeyError) throw error
        return false
      },
    )

  return {
    list: () => keys.list(),

    async settle(by) {
      await makeFirst(by)
      await tidyUp()
    },

    async advance(by) {
      const { all, active, pending } = await signingPair()
      const nowMs = clock.now()
      for (const key of all) if (key.state === 'retiring' && (key.retiresAtMs ?? 0) <= nowMs) await retire(key, by)
      const dueAtMs = rotatesAtMs(all, policy)
      if (dueAtMs === undefined || dueAtMs > nowMs) return
      // Nothing forces this change: a standby that is of no use has to be mended first.
      await readProved(privateKeys, pending)
      const cause = pending.rotationAskedAtMs === null ? 'rotation_interval' : 'rotation_asked'
      if (await switchTo(pending, active, 'retiring', cause, by)) log.info(`the signing key is ${pending.kid} now`)
    },

    async rotate(by) {
      const { pending, active } = await signingPair()
      const nowMs = clock.now()
      const { kid } = pending
      await readProved(privateKeys, pending)
      const activatesAtMs = Math.max(pending.activatesAtMs, nowMs)
      if (activatesAtMs > nowMs) {
        await write(async stores => {
          if (!(await stores.signingKeys.askRotation(kid, nowMs))) throw overtakenError()
          const event = { type: 'signing_key.ask_rotation', outcome: 'success', target: kid } as const
          await stores.audit.append({ ...event, provenance: by })
        })
      } else if (!(await switchTo(pending, active, 'retiring', 'rotation_asked', by))) throw overtakenError()
      return { kid, activatesAtMs }
    },

    async revoke(kid, reason, by) {
      const { all, active, pending } = await signingPair()
      const key = all.find(each => each.kid === kid)
      if (key === undefined || !isPublished(key)) throw new KeyError('There is no such key in the JWKS.')
      const standbyWorks = await isUsable(pending)
      const done = await (key === active
        ? replaceActive({ active, pending }, standbyWorks, reason, by)
        : drop(key, reason, by))
      if (!done) throw overtakenError()
      await newKeys.removeSpentFiles()
      return { signerIsKnown: standbyWorks || key !== active }
    },

    removeSpentFiles: () => newKeys.removeSpentFiles(),

    async revokeAll(reason, by) {
      const published = (await keys.list()).filter(isPublished)
      if (published.length === 0)
        throw new KeyError('There are no signing keys yet: signet serve makes the first ones.')
      const done = await newKeys.use(2, async (stores, [active, standby]) => {
        for (const key of published) await step(stores, key, 'revoked', reason, by)
        await add(stores, active, { state: 'active', cause: 'all_keys_revoked' }, by)
        await add(stores, standby, { state: 'pending', cause: 'all_keys_revoked' }, by)
      })
      if (!done) throw overtakenError()
      await newKeys.removeSpentFiles()
      return published.map(({ kid }) => kid)
    },
  }
}

const overtakenError = (): KeyError =>
  new KeyError(
    'The keys were changed by another process at the same moment. Look at `signet keys list`, and try again.',
  )

function ignoreOvertaken(error: unknown): void {
  if (!(error instanceof Overtaken)) throw error
}
