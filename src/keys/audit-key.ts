/**
 * The key that signs the seals of the audit: Ed25519 (RFC 8032), never in the JWKS. It lies in a folder of its own beside the signing
 * keys, under the same encryption. Secrets for keyed hashes are derived from it, so that every instance has the same.
 */
import { generateKeyPair, hkdfSync, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { exportJWK } from 'jose/key/export'
import type { AuditKey, AuditSigner } from '../records/audit-seal.ts'
import { KeyError } from '../records/signing-key.ts'
import type { PrivateKeys } from './private-keys.ts'

const SECRET_BYTES = 32

export type GeneratedAuditKey = Pick<AuditKey, 'kid' | 'publicJwk'> & { readonly privateKey: KeyObject }

export async function generateAuditKey(): Promise<GeneratedAuditKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ed25519')
  const members = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(members)
  return { kid, privateKey, publicJwk: { ...members, use: 'sig', alg: 'EdDSA', kid } }
}

function signerWith(kid: string, privateKey: KeyObject): AuditSigner {
  const { d } = privateKey.export({ format: 'jwk' })
  return {
    kid,
    sign: data => sign(null, data, privateKey),
    secretFor: purpose =>
      Buffer.from(hkdfSync('sha256', Buffer.from(d as string, 'base64url'), '', `signet ${purpose}`, SECRET_BYTES)),
  }
}

/** @throws KeyError when the private half is missing, can't be read, or belongs to another key */
export async function readAuditKey(
  privateKeys: Pick<PrivateKeys, 'read' | 'nameOf'>,
  { kid, publicJwk }: Pick<AuditKey, 'kid' | 'publicJwk'>,
): Promise<AuditSigner> {
  const privateKey = await privateKeys.read(kid)
  if (privateKey.asymmetricKeyType === 'ed25519' && privateKey.export({ format: 'jwk' }).x === publicJwk.x)
    return signerWith(kid, privateKey)
  throw new KeyError(
    `${await privateKeys.nameOf(kid)} does not fit its public half. Restore it from a backup of the keys; ` +
      'if there is none, run: signet keys revoke --all --reason …',
  )
}
