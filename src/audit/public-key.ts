/** The public half of an audit key, as operators hold it. */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import type { AuditKey } from '../records/audit-seal.ts'

const FORM = /^ed25519:(?<x>[A-Za-z0-9_-]{43})$/

/** What somebody wrote there that is no text is none of a key. */
export const publicKeyText = ({ publicJwk: { x } }: Pick<AuditKey, 'publicJwk'>): string =>
  `ed25519:${typeof x === 'string' ? x : '?'}`

export const isPublicKeyText = (text: string): boolean => FORM.test(text)

/** RFC 7638 thumbprint. */
export const kidOf = (x: unknown): string =>
  hash('sha256', JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: String(x) }), 'base64url')

/** Undefined when somebody wrote there what is no key. */
export function publicKeyOf({ publicJwk, kid }: AuditKey): KeyObject | undefined {
  if (typeof publicJwk.x !== 'string' || kidOf(publicJwk.x) !== kid) return undefined
  try {
    return createPublicKey({ key: { crv: 'Ed25519', kty: 'OKP', x: publicJwk.x }, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** @param signature base64url, in the one form that there is of it */
export function isSignedBy(key: KeyObject | undefined, message: Buffer, signature: unknown): boolean {
  if (key === undefined || typeof signature !== 'string') return false
  const bytes = Buffer.from(signature, 'base64url')
  return bytes.toString('base64url') === signature && verify(null, message, key, bytes)
}
