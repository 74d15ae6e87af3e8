/** The signing key of a peer, RSA-2048, made at the first start; and RS256 in the thread pool, for the libraries that leave signing to others. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const kid = 'peer'

export function openKey({ folder }) {
  const file = join(folder, 'key.pem')
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  }
  const privateKey = createPrivateKey(readFileSync(file))
  const publicKey = createPublicKey(privateKey)
  const members = { use: 'sig', alg: 'RS256', kid }
  return {
    publicKey,
    signJwt: signerOf(privateKey),
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...members },
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), ...members }] }),
  }
}

const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url')

function signerOf(privateKey) {
  const header = encode({ alg: 'RS256', typ: 'at+jwt', kid })
  return claims =>
    new Promise((resolve, reject) => {
      const input = `${header}.${encode(claims)}`
      sign('sha256', Buffer.from(input), privateKey, (error, signature) =>
        error ? reject(error) : resolve(`${input}.${signature.toString('base64url')}`),
      )
    })
}
