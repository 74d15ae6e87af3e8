/**
 * A secret as programs pipe it: editors and shells add a byte order mark before it and a line end behind it, which nobody types at a
 * login form. What would be stored so that nobody can type it is refused, rather than guessed at.
 */

const UTF16_MARKS: readonly string[] = ['fffe', 'feff']
/** Latin letters in UTF-16 are every other byte a NUL; no secret in UTF-8 comes near that. */
const LEAST_NULS = 1 / 4

function isUtf16(bytes: Buffer): boolean {
  if (UTF16_MARKS.includes(bytes.subarray(0, 2).toString('hex'))) return true
  const nuls = bytes.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0)
  return nuls > 0 && nuls >= bytes.length * LEAST_NULS
}

/** Undefined when it is not UTF-8. */
function decoded(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** What Unicode ends lines with (UAX #14: BK, CR, LF, NL). */
const LINE_END = /[\n\v\f\r\x85\u2028\u2029]/
/** A tab may be in what somebody pastes; NUL is told of by the rules of passwords. A byte order mark stands before a second text. */
const CONTROL = /[\x01-\x08\x0E-\x1F\x7F-\x9F\uFEFF]/

/** @returns the secret without the mark and one line end; or what is wrong, to be said after `The password on standard input` */
export function secretIn(bytes: Buffer): { readonly text: string } | { readonly problem: string } {
  if (isUtf16(bytes))
    return {
      problem: 'is UTF-16, not UTF-8. In PowerShell, set $OutputEncoding = [Text.UTF8Encoding]::new($false) first.',
    }
  const whole = decoded(bytes)
  if (whole === undefined) return { problem: 'is not UTF-8.' }
  const text = whole.replace(/^\uFEFF+/, '').replace(/\r?\n$/, '')
  if (LINE_END.test(text)) return { problem: 'has more than one line.' }
  if (CONTROL.test(text)) return { problem: 'has a control character, which nobody can type.' }
  return { text }
}
