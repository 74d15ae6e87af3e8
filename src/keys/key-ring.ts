/** The signing keys of a running service: which one signs, and which ones the JWKS (RFC 7517 §5) publishes. */
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import { JWKS_MAX_AGE_SECONDS } from '../records/limits.ts'
import { KeyError, type Signer, type SigningKey, type SigningKeyReader } from '../records/signing-key.ts'
import { type PrivateKeys, readProved } from './private-keys.ts'
import { provesItself, signRs256 } from './rsa.ts'
import { inState, isPublished, type KeyPolicy, nextChangeAtMs } from './schedule.ts'

export interface PublishedKeys {
  /** The JWK Set, serialized once. */
  readonly body: string
}

export interface KeyRing {
  /** The signer of the key that is active now; it stays what it is when another one takes over. */
  signer(): Signer
  published(): PublishedKeys
  /** The keys as they are stored, those that are over, too. */
  known(): readonly SigningKey[]
  /** Whether there is or was such a key, in whatever state. */
  knows(kid: string): boolean
  /** Seconds for which a verifier may use its copy of the JWKS: less before a change that is planned, and when this process may be behind. */
  maxAge(): number
  /** Whether `sign` makes what the active key's published half verifies. */
  prove(sign: Signer['sign']): Promise<boolean>
  /** Somebody else has looked, and nothing of the keys is new. */
  confirm(): void
  /**
   * Takes over what other processes, or a command, did to the keys: another key signs, and then the JWKS shows the change.
   * @returns whether anything was new
   * @throws KeyError when the active key can't be used
   */
  follow(): Promise<boolean>
}

/** Seconds. */
const HELD_UP_MAX_AGE = 30
/** Of what may be out of date: a key may have been revoked since, and a copy must not outlast that by much. */
const BEHIND_MAX_AGE = 5
/** The keys are looked at twice a second: after this long without an answer, this process may be behind. */
const MOST_BEHIND_MS = 2500

interface Loaded {
  readonly keys: readonly SigningKey[]
  readonly active: SigningKey
  readonly signer: Signer
}

function publish(keys: readonly SigningKey[]): PublishedKeys {
  const published = keys.filter(isPublished).map(({ publicJwk }) => publicJwk)
  const body = JSON.stringify({ keys: published })
  return { body }
}

/**
 * Reads the keys and proves that the active one signs.
 * @throws KeyError that says which file is wrong and what to do
 */
export async function openKeyRing(dependencies: {
  readonly privateKeys: PrivateKeys
  readonly keys: SigningKeyReader
  readonly clock: Clock
  readonly policy: KeyPolicy
  readonly log: Logger
}): Promise<KeyRing> {
  const { privateKeys, keys, clock, policy, log } = dependencies

  async function warnOfStandby(known: readonly SigningKey[]): Promise<void> {
    const pending = inState(known, 'pending')
    const warn = (error: unknown) =>
      log.warn({ err: error }, 'the standby signing key is of no use: mend it before it is needed')
    if (pending !== undefined) await readProved(privateKeys, pending).catch(warn)
  }

  async function load(known: readonly SigningKey[], before: Loaded | undefined): Promise<Loaded> {
    const active = inState(known, 'active')
    if (active === undefined) throw new KeyError('The database knows signing keys, but none of them is active.')
    if (before !== undefined && before.active.kid === active.kid) return { ...before, keys: known, active }
    const privateKey = await readProved(privateKeys, active)
    const signer = { kid: active.kid, sign: (data: Buffer) => signRs256(privateKey, data) }
    return { keys: known, active, signer }
  }

  /** Another process may rotate between the look into the database and the one at the file: then it is looked again. */
  async function loadFirst(): Promise<Loaded> {
    const known = await keys.list()
    return load(known, undefined).catch(async error => {
      const again = await keys.list()
      if (inState(again, 'active')?.kid === inState(known, 'active')?.kid) throw error
      return load(again, undefined)
    })
  }

  const instant = () => ({ clockMs: clock.now(), elapsedMs: performance.now() })
  let lookedAt = instant()
  let loaded = await loadFirst()
  let seen = loaded.keys
  let published = publish(seen)
  /** Whether the database names an active key that this process can't use. */
  let isBehind = false
  await warnOfStandby(seen)

  /** By the clock, and by one that nobody sets, which stands still while a machine sleeps. */
  function isOutOfDate(): boolean {
    const { clockMs, elapsedMs } = instant()
    return Math.max(clockMs - lookedAt.clockMs, elapsedMs - lookedAt.elapsedMs) > MOST_BEHIND_MS
  }

  function stopSigning(cause: unknown): void {
    const { kid } = loaded.signer
    const refuse = async () => {
      throw new KeyError(`The signing key ${kid} was revoked, and the one after it can't be used.`, { cause })
    }
    loaded = { ...loaded, signer: { kid, sign: refuse } }
  }

  return {
    signer: () => loaded.signer,
    published: () => published,
    known: () => loaded.keys,
    knows: kid => loaded.keys.some(key => key.kid === kid),
    maxAge() {
      if (isOutOfDate()) return BEHIND_MAX_AGE
      const nowMs = clock.now()
      const untilChange = Math.ceil((nextChangeAtMs(loaded.keys, policy, nowMs) - nowMs) / 1000)
      // What should have been by now is held up: nobody gains from asking every second.
      return untilChange <= 0 ? HELD_UP_MAX_AGE : Math.min(JWKS_MAX_AGE_SECONDS, untilChange)
    },
    prove: async sign => !isBehind && (await provesItself(sign, loaded.active.publicJwk)),
    confirm() {
      if (!isBehind) lookedAt = instant()
    },
    async follow() {
      const begunAt = instant()
      const known = await keys.list()
      lookedAt = begunAt
      if (JSON.stringify(known) === JSON.stringify(seen)) return false
      try {
        loaded = await load(known, loaded)
        isBehind = false
      } catch (error) {
        // Tried again at the next call. Until then the key that signs goes on, unless it left the JWKS.
        isBehind = true
        if (!known.some(key => key.kid === loaded.signer.kid && isPublished(key))) stopSigning(error)
        throw error
      } finally {
        // To publish needs no private key: what was revoked leaves the JWKS, whatever this process can read.
        published = publish(known)
        loaded = { ...loaded, keys: known }
      }
      const isNewStandby = inState(known, 'pending')?.kid !== inState(seen, 'pending')?.kid
      seen = known
      if (isNewStandby) await warnOfStandby(known)
      return true
    },
  }
}
