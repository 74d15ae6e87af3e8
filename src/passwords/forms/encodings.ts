/** Numbers, hex and the kinds of base64 in which others write, read strictly: a text has one meaning, or none. */
import { fromBase64 } from '../algorithms/base64.ts'

/** Without sign, blanks or leading zeros, at least 1. */
export const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined

/** The same in hexadecimal. */
export const hexNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^[1-9a-f][0-9a-f]{0,7}$/i.test(text) ? Number.parseInt(text, 16) : undefined

export const fromHex = (text: string): Buffer | undefined =>
  text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text) ? Buffer.from(text, 'hex') : undefined

/** passlib's: `.` for `+`, without padding. */
export const fromAdaptedBase64 = (text: string): Buffer | undefined =>
  text.includes('=') ? undefined : fromBase64(text.replaceAll('.', '+'))

/** URL-safe or standard. */
export const fromEitherBase64 = (text: string): Buffer | undefined =>
  fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
