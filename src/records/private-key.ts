/** Private keys that are kept in the database, encrypted; the key that encrypts them is nowhere in it. */

/** What a private key signs: access tokens, or the seals of the audit. */
export type PrivateKeyPurpose = 'signing' | 'audit'

export interface StoredPrivateKey {
  readonly kid: string
  /** `prepared` before the write that makes the key known. */
  readonly state: 'prepared' | 'kept'
  /** RFC 7516, in compact form. */
  readonly jwe: string
}

export interface PrivateKeyReader {
  list(purpose: PrivateKeyPurpose): Promise<readonly StoredPrivateKey[]>
}

export interface PrivateKeyStore extends PrivateKeyReader {
  /** False when there is one of this kid. */
  insert(purpose: PrivateKeyPurpose, key: StoredPrivateKey): Promise<boolean>
  /** What was prepared is kept from now on; false when there is no such key. */
  keep(purpose: PrivateKeyPurpose, kid: string): Promise<boolean>
  /** Puts another encryption in the place of this one; false when it is there no more. */
  replace(purpose: PrivateKeyPurpose, kid: string, jwe: string, by: string): Promise<boolean>
  /** Nothing when there is none in this state. */
  remove(purpose: PrivateKeyPurpose, kid: string, state: StoredPrivateKey['state']): Promise<void>
}
