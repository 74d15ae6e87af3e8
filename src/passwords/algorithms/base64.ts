/** Base64 as it is stored and as others write it: what Node reads leniently, read strictly. */

/** Standard alphabet, without padding, as in the PHC string format. */
export const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

/**
 * Undefined when it is no base64 of the standard alphabet; padding may be there or not, and what is left over of the last character must be
 * nothing, so that a text has one spelling.
 */
export function fromBase64(text: string): Buffer | undefined {
  const bare = text.replace(/={1,2}$/, '')
  const bytes = Buffer.from(bare, 'base64')
  return toBase64(bytes) === bare && (bare === text || text.length % 4 === 0) ? bytes : undefined
}
