/** What strangers wrote, as a terminal may show it. */

const LONGEST_USER_AGENT = 40

/** What a terminal obeys, or what turns a line around, is a question mark. */
export const printable = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')

/** Whoever signs in writes it. */
export const shortUserAgent = (userAgent: string | null): string =>
  (userAgent ?? '').replace(/[^\x20-\x7E]/g, '?').slice(0, LONGEST_USER_AGENT)
