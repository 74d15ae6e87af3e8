/** A signing key that can't be used; the message names the file and says what to do. */
export class KeyError extends Error {
  override readonly name: string = 'KeyError'
}

/** The key under which it is encrypted is missing or another one: nothing is known of the signing key itself. */
export class EncryptionKeyError extends KeyError {}
