/** The signing keys of a running service: which one signs, and which ones the JWKS (RFC 7517 §5) publishes. */
import { hash, type KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Provenance, Write } from '../unit-of-work.ts'
import { KeyError } from './key-error.ts'
import type { KeyFiles } from './key-files.ts'
import { type GeneratedKey, generateSigningKey, provesItself, signRs256 } from './rsa.ts'
import type { SigningKey, SigningKeyReader } from './stores.ts'

export interface PublishedKeys {
  /** The JWK Set, serialized once. */
  readonly body: string
  /** Strong, changes with the body (RFC 9110 §8.8.3). */
  readonly etag: string
}

export interface KeyRing {
  readonly kid: string
  sign(signingInput: Buffer): Promise<Buffer>
  readonly published: PublishedKeys
  /** Whether `sign` still makes what the active key's published half verifies. */
  prove(sign: KeyRing['sign']): Promise<boolean>
}

const PUBLISHED_STATES: readonly string[] = ['pending', 'active', 'retiring']

function publish(keys: readonly SigningKey[]): PublishedKeys {
  const published = keys.filter(({ state }) => PUBLISHED_STATES.includes(state)).map(({ publicJwk }) => publicJwk)
  const body = JSON.stringify({ keys: published })
  return { body, etag: `"${hash('sha256', body, 'base64url')}"` }
}

/** A database without keys beside files of keys is most often the wrong database. */
async function tellOfFirstKeys({ files, tell }: KeyRingOptions, made: readonly string[]): Promise<void> {
  const strangers = (await files.list()).filter(kid => !made.includes(kid))
  tell.info('made the first signing keys: the database had none')
  if (strangers.length > 0) {
    tell.warn(
      `there are files of ${strangers.length} other keys, which this database does not know: is SIGNET_DATABASE_URL right?`,
    )
  }
}

/**
 * Makes the first active key and its standby. Two processes that start at once both try, and one wins: the other's files are
 * removed again.
 */
async function makeFirstKeys(options: KeyRingOptions): Promise<void> {
  const { files, write, clock, publishLeadSeconds, provenance } = options
  const nowMs = clock.now()
  const [active, standby] = await Promise.all([generateSigningKey(), generateSigningKey()])
  const record = (
    { kid, publicJwk }: GeneratedKey,
    state: 'active' | 'pending',
    activatesAtMs: number,
  ): SigningKey => ({
    kid,
    publicJwk,
    state,
    createdAtMs: nowMs,
    activatesAtMs,
  })
  await Promise.all([active, standby].map(({ kid, privateKey }) => files.write(kid, privateKey)))
  const removeFiles = () => Promise.all([active, standby].map(({ kid }) => files.remove(kid)))
  const won = await write(async stores => {
    if ((await stores.signingKeys.list()).length > 0) return false
    const records = [record(active, 'active', nowMs), record(standby, 'pending', nowMs + publishLeadSeconds * 1000)]
    for (const key of records) {
      // On PostgreSQL the list may have been read before another process committed its keys.
      if (!(await stores.signingKeys.insert(key))) return false
      await stores.audit.append({
        type: 'signing_key.add',
        outcome: 'success',
        reason: key.state,
        target: key.kid,
        provenance,
      })
    }
    return true
  }).catch(async error => {
    await removeFiles()
    throw error
  })
  if (!won) await removeFiles()
  else await tellOfFirstKeys(options, [active.kid, standby.kid])
}

/** Told of what the operator may want to know (`info`) or should look at (`warn`). */
export interface KeyNews {
  info(message: string): void
  warn(message: string, error?: unknown): void
}

export interface KeyRingOptions {
  readonly files: KeyFiles
  readonly keys: SigningKeyReader
  readonly write: Write
  readonly clock: Clock
  /** How long a key is published before it may sign. */
  readonly publishLeadSeconds: number
  readonly provenance: Provenance
  readonly tell: KeyNews
}

async function readProved(files: KeyFiles, key: SigningKey): Promise<KeyObject> {
  const privateKey = await files.read(key.kid)
  const sign = (data: Buffer) => signRs256(privateKey, data)
  if (privateKey.asymmetricKeyType === 'rsa' && (await provesItself(sign, key.publicJwk))) return privateKey
  throw new KeyError(
    `The signing key ${key.kid} does not fit its published half. Restore ${key.kid}.pem from a backup of the keys.`,
  )
}

/**
 * Reads the keys, makes the first ones if there are none, and proves that the active one signs.
 * @throws KeyError that says which file is wrong and what to do
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { files, keys } = options
  if ((await keys.list()).length === 0) await makeFirstKeys(options)
  const known = await keys.list()
  const active = known.find(({ state }) => state === 'active')
  if (active === undefined) throw new KeyError('The database knows signing keys, but none of them is active.')
  const privateKey = await readProved(files, active)
  for (const standby of known.filter(({ state }) => state === 'pending')) {
    const warn = (error: unknown) =>
      options.tell.warn('the standby signing key is of no use: mend it before it is needed', error)
    await readProved(files, standby).catch(warn)
  }
  return {
    kid: active.kid,
    sign: signingInput => signRs256(privateKey, signingInput),
    published: publish(known),
    prove: sign => provesItself(sign, active.publicJwk),
  }
}
