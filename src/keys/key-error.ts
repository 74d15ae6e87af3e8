/** A signing key that can't be used; the message names the file and says what to do. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
}
