/** Where private halves are kept, and the proof that one of them works: files (key-files.ts), or the database (key-table.ts). */
import type { KeyObject } from 'node:crypto'
import { KeyError, type SigningKey } from '../records/signing-key.ts'
import type { Protection } from './key-encryption.ts'
import { MissingKey } from './key-errors.ts'
import { provesItself, signRs256 } from './rsa.ts'

/** A key is prepared before the database knows it, and committed after: wherever a process is killed, the database says what holds. */
export interface PrivateKeys {
  /**
   * A key that the database knows: one that is prepared only is committed by this.
   * @throws KeyError that names the key and says what to do
   */
  read(kid: string): Promise<KeyObject>
  /** Keeps a key durably where `read` and `list` do not see it. */
  prepare(kid: string, privateKey: KeyObject): Promise<void>
  /** @param privateKey prepared once more when what was prepared is gone: another process may have tidied up */
  commit(kid: string, privateKey?: KeyObject): Promise<void>
  discard(kid: string): Promise<void>
  remove(kid: string): Promise<void>
  /** The kids of all keys. */
  list(): Promise<readonly string[]>
  /** The kids of all keys that are prepared and neither committed nor discarded. */
  listPrepared(): Promise<readonly string[]>
  /** What messages to the operator call it. */
  nameOf(kid: string): Promise<string>
}

/** What a move to another key-encryption key came to, in kids. */
export interface Rewrapped {
  readonly done: readonly string[]
  /** Those that can't be read here. */
  readonly left: readonly LeftKey[]
}

export interface LeftKey {
  readonly kid: string
  readonly problem: string
}

/** With what operators do to all keys of a store, those that are only prepared among them. */
export interface KeyStore extends PrivateKeys {
  /** Under what each is kept; `unknown` when that is not at hand. */
  protections(): Promise<readonly { readonly kid: string; readonly under: Protection | 'plain' | 'unknown' }[]>
  /**
   * Encrypts under the current key what is not. Cut short anywhere, it can be run again; it runs beside other processes.
   * @throws KeyError when there is no key to encrypt under
   */
  rewrap(): Promise<Rewrapped>
}

/** @param remedyFor says where a key is that is missing in the store; undefined when nobody knows */
export const lookingElsewhere = (
  store: KeyStore,
  remedyFor: (kid: string) => Promise<string | undefined>,
): KeyStore => ({
  ...store,
  read: kid =>
    store.read(kid).catch(async error => {
      const remedy = error instanceof MissingKey ? await remedyFor(kid) : undefined
      throw remedy === undefined ? error : new MissingKey(error.place, remedy)
    }),
})

/** @throws KeyError when there is no such private key, or it does not sign what its published half verifies */
export async function readProved(
  privateKeys: Pick<PrivateKeys, 'read' | 'nameOf'>,
  key: SigningKey,
): Promise<KeyObject> {
  const privateKey = await privateKeys.read(key.kid)
  const sign = (data: Buffer) => signRs256(privateKey, data)
  // A key that is damaged inside, or of another kind, may be read and still fail to sign.
  if (await provesItself(sign, key.publicJwk).catch(() => false)) return privateKey
  const name = await privateKeys.nameOf(key.kid)
  throw new KeyError(`${name} does not fit its published half. Restore it from a backup of the keys.`)
}
