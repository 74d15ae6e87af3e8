/**
 * The key that signs the seals of the audit: Ed25519 (RFC 8032), never in the JWKS. It lies in a folder of its own beside the signing
 * keys, under the same encryption. Secrets for keyed hashes are derived from it, so that every instance has the same.
 */
import { generateKeyPair, hkdfSync, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { exportJWK } from 'jose/key/export'
import type { Clock } from '../clock.ts'
import { itself } from '../records/audit-event.ts'
import type { AuditKey, AuditSealReader, AuditSigner } from '../records/audit-seal.ts'
import { KeyError } from '../records/signing-key.ts'
import type { Write } from '../records/unit-of-work.ts'
import type { PrivateKeys } from './private-keys.ts'

/** The folder in the key directory. */
export const AUDIT_KEYS = 'audit'

const SECRET_BYTES = 32

export interface AuditKeys {
  /** The key that signs now. */
  current(): AuditSigner
  /** Learns of a key that another process has made. */
  follow(): Promise<void>
}

export async function generateAuditKey(): Promise<Pick<AuditKey, 'kid' | 'publicJwk'> & { privateKey: KeyObject }> {
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

/**
 * The current key; the first start makes one.
 * @throws KeyError when its private half is missing or damaged
 */
export async function openAuditKeys(dependencies: {
  readonly privateKeys: PrivateKeys
  readonly seals: Pick<AuditSealReader, 'keys'>
  readonly write: Write
  readonly clock: Clock
}): Promise<AuditKeys> {
  const { privateKeys, seals, write, clock } = dependencies

  /** Of two processes that start first, one wins. */
  async function makeFirst(): Promise<void> {
    const { kid, publicJwk, privateKey } = await generateAuditKey()
    await privateKeys.prepare(kid, privateKey)
    const isFirst = await write(async stores => {
      const key = { kid, publicJwk, firstSeal: 1, createdAtMs: clock.now(), signature: null }
      if (!(await stores.auditSeals.insertKey(key))) return false
      await stores.audit.append({ type: 'audit_key.add', outcome: 'success', target: kid, provenance: itself })
      return true
    })
    if (isFirst) await privateKeys.commit(kid, privateKey)
    else await privateKeys.discard(kid)
  }

  async function load(): Promise<AuditSigner> {
    const key = (await seals.keys()).at(-1)
    if (key === undefined) throw new KeyError('The database knows no audit key: signet serve makes the first one.')
    const privateKey = await privateKeys.read(key.kid)
    if (privateKey.asymmetricKeyType !== 'ed25519' || privateKey.export({ format: 'jwk' }).x !== key.publicJwk.x)
      throw new KeyError(
        `${await privateKeys.nameOf(key.kid)} does not fit its public half. Restore it from a backup of the keys.`,
      )
    return signerWith(key.kid, privateKey)
  }

  if ((await seals.keys()).length === 0) await makeFirst()
  let signer = await load()
  return {
    current: () => signer,
    async follow() {
      const newest = (await seals.keys()).at(-1)
      if (newest !== undefined && newest.kid !== signer.kid) signer = await load()
    },
  }
}
