/** RSA-2048 keys for RS256 (RFC 7518 §3.3), named by their thumbprint (RFC 7638). */
import { constants, createPublicKey, generateKeyPair, type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { JWK } from 'jose'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { exportJWK } from 'jose/key/export'

const MODULUS_BITS = 2048
const padding = constants.RSA_PKCS1_PADDING

export interface GeneratedKey {
  readonly kid: string
  readonly publicJwk: JWK
  readonly privateKey: KeyObject
}

export async function generateSigningKey(): Promise<GeneratedKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS })
  const members = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(members)
  // `signet keys revoke KID` would take it for an option.
  if (kid.startsWith('-')) return generateSigningKey()
  return { kid, privateKey, publicJwk: { ...members, use: 'sig', alg: 'RS256', kid } }
}

/** In the thread pool, with a key that is parsed already: a PEM at each signature would cost three times as much. */
export const signRs256 = (privateKey: KeyObject, data: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    sign('sha256', data, { key: privateKey, padding }, (error, signature) =>
      error ? reject(error) : resolve(signature),
    )
  })

/** Whether `signProbe` makes signatures that the published half verifies. */
export async function provesItself(signProbe: (data: Buffer) => Promise<Buffer>, publicJwk: JWK): Promise<boolean> {
  const probe = Buffer.from('signet: does this key sign?')
  const published = createPublicKey({ key: publicJwk as never, format: 'jwk' })
  return verify('sha256', probe, { key: published, padding }, await signProbe(probe))
}
