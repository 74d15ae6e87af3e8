import { Refusal } from './variable.ts'

/**
 * Undoes percent-encoding (RFC 3986 §2.1).
 *
 * @throws Refusal for a percent sign that stands for nothing, and for a NUL
 */
export function decodePercent(text: string): string {
  if (/%(?![\da-f]{2})/i.test(text)) throw new Refusal('a percent sign in it must be written as %25')
  try {
    const decoded = decodeURIComponent(text)
    if (!decoded.includes('\0')) return decoded
  } catch {
    // Bytes that are no UTF-8.
  }
  throw new Refusal('what is percent-encoded in it must be UTF-8 without a NUL')
}
