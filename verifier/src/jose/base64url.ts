/** Base64url without padding (RFC 7515 §2), in the one form that its bytes have. */

/** @returns undefined for white space, padding, other alphabets and bits that say nothing: all that Buffer reads over */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
