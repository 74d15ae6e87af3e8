/**
 * The first audit key, and its replacement. A private half is prepared before the write that makes the key known, and committed after
 * it: wherever a process is killed, the database says which one is needed.
 */
import type { Clock } from '../clock.ts'
import { successorMessage } from '../records/audit-encoding.ts'
import { type AuditEvent, itself, type Provenance } from '../records/audit-event.ts'
import type { AuditKey, AuditSigner } from '../records/audit-seal.ts'
import { KeyError } from '../records/signing-key.ts'
import type { Readers, Write } from '../records/unit-of-work.ts'
import { type GeneratedAuditKey, generateAuditKey, readAuditKey } from './audit-key.ts'
import type { PrivateKeys } from './private-keys.ts'

/** A seal more, or another key, while one is replaced: it is tried again with what is then. */
const MOST_TRIES = 20

export interface AuditKeyChanges {
  /** Makes the first key, if there is none. Of two processes that start first, one wins. */
  begin(): Promise<void>
  /**
   * Makes a successor, which the key before signs if it can be read.
   * @returns its kid; undefined when there was no key before
   * @throws KeyError when another process was faster again and again
   */
  replace(reason: string, by: Provenance): Promise<string | undefined>
  /** The same when the key can't be read, and nothing otherwise. */
  replaceLost(reason: string, by: Provenance): Promise<string | undefined>
  /** Finishes what a process left half done that was killed, and removes the private halves of keys that were replaced. */
  tidy(): Promise<void>
}

type Change = Pick<AuditEvent, 'type' | 'reason' | 'provenance'>

export function createAuditKeyChanges(dependencies: {
  readonly privateKeys: PrivateKeys
  readonly read: Pick<Readers, 'auditSeals' | 'instance'>
  readonly write: Write
  readonly clock: Clock
}): AuditKeyChanges {
  const { privateKeys, read, write, clock } = dependencies

  const newest = async (): Promise<AuditKey | undefined> => (await read.auditSeals.keys()).at(-1)

  /** False when another key was made, or another seal, since those that are expected. */
  const store = (key: AuditKey, beforeKid: string | undefined, change: Change): Promise<boolean> =>
    write(async ({ auditSeals, audit }) => {
      if ((await auditSeals.lockNewestKey())?.kid !== beforeKid) return false
      if (((await auditSeals.last())?.number ?? 0) + 1 !== key.firstSeal) return false
      if (!(await auditSeals.insertKey(key))) return false
      await audit.append({ ...change, outcome: 'success', target: key.kid })
      return true
    })

  /** What the database does not know by now was never used. */
  async function tidy(): Promise<void> {
    // In this order: what another process prepares from now on is not touched.
    const prepared = await privateKeys.listPrepared()
    const known = (await read.auditSeals.keys()).map(({ kid }) => kid)
    for (const kid of prepared) {
      if (known.includes(kid)) await privateKeys.commit(kid)
      else await privateKeys.discard(kid)
    }
    const present = await privateKeys.list()
    for (const kid of known.slice(0, -1)) if (present.includes(kid)) await privateKeys.remove(kid)
  }

  /** Undefined: the private half is lost, or nobody can decrypt it. */
  const signerOf = (key: AuditKey): Promise<AuditSigner | undefined> =>
    readAuditKey(privateKeys, key).catch(error => {
      if (error instanceof KeyError) return undefined
      throw error
    })

  async function succeed(before: AuditKey, made: GeneratedAuditKey, change: Change): Promise<boolean> {
    const [signer, last, instance] = [await signerOf(before), await read.auditSeals.last(), await read.instance.find()]
    const { kid, publicJwk } = made
    const next = { kid, number: before.number + 1, firstSeal: (last?.number ?? 0) + 1 }
    const signature = signer?.sign(successorMessage(instance?.id ?? '', next)).toString('base64url') ?? null
    return store({ ...next, publicJwk, createdAtMs: clock.now(), signature }, before.kid, change)
  }

  async function replace(reason: string, by: Provenance): Promise<string | undefined> {
    if ((await newest()) === undefined) return undefined
    const made = await generateAuditKey()
    await privateKeys.prepare(made.kid, made.privateKey)
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const before = (await newest()) as AuditKey
      // The write that seemed to fail was done.
      if (
        before.kid !== made.kid &&
        !(await succeed(before, made, { type: 'audit_key.replace', reason, provenance: by }))
      )
        continue
      await privateKeys.commit(made.kid, made.privateKey)
      await tidy()
      return made.kid
    }
    await privateKeys.discard(made.kid)
    throw new KeyError(
      'The audit key was not replaced: another process changed it or sealed again and again. Try again.',
    )
  }

  return {
    async begin() {
      if ((await newest()) !== undefined) return
      const { kid, publicJwk, privateKey } = await generateAuditKey()
      await privateKeys.prepare(kid, privateKey)
      const firstSeal = ((await read.auditSeals.last())?.number ?? 0) + 1
      const key = { number: 1, kid, publicJwk, firstSeal, createdAtMs: clock.now(), signature: null }
      if (await store(key, undefined, { type: 'audit_key.add', provenance: itself }))
        await privateKeys.commit(kid, privateKey)
      else await privateKeys.discard(kid)
    },
    replace,
    async replaceLost(reason, by) {
      const key = await newest()
      return key && (await signerOf(key)) === undefined ? replace(reason, by) : undefined
    },
    tidy,
  }
}
