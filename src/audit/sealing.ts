/**
 * Seals the rows of the audit: each seal covers its rows and the seal before, and is signed. What takes time is done before the write,
 * so that no other write waits for it; the write undoes itself when something was otherwise than it was read.
 */
import type { Clock } from '../clock.ts'
import { sealMessage } from '../records/audit-encoding.ts'
import type { AuditRow, AuditSeal, AuditSigner } from '../records/audit-seal.ts'
import type { Readers, Write } from '../records/unit-of-work.ts'
import { byId, digestOf, ENCODING, hashOfRow, headOf } from './encoding.ts'

/** Rows of one seal, which are written at once. */
export const MOST_ROWS = 200

/** Another process sealed or replaced the key a moment ago: nothing was changed. */
class Overtaken extends Error {}

/**
 * `sealed`: a full seal was made, and more may be waiting. `caught_up`: all that waited is sealed. `put_back`: the newest seal is older
 * than one that was seen before, so this is another database by now.
 */
export type SealingOutcome = 'sealed' | 'caught_up' | 'overtaken' | 'put_back'

export interface Sealing {
  /** Seals the rows that are waiting, as many as go into one seal. */
  sealNext(): Promise<SealingOutcome>
  /** The newest seal that was seen, as operators note it. */
  head(): string | undefined
}

export function createSealing(dependencies: {
  readonly read: Pick<Readers, 'auditSeals' | 'instance'>
  readonly write: Write
  readonly keys: { current(): AuditSigner; follow(): Promise<void> }
  readonly clock: Clock
}): Sealing {
  const { read, write, keys, clock } = dependencies
  let seen: AuditSeal | undefined

  function wasPutBack(last: AuditSeal | undefined): boolean {
    if (seen === undefined) return false
    return (
      last === undefined || last.number < seen.number || (last.number === seen.number && last.digest !== seen.digest)
    )
  }

  async function make(rows: readonly AuditRow[], last: AuditSeal | undefined): Promise<AuditSeal> {
    const { id: databaseId } = (await read.instance.find()) ?? { id: '' }
    const { kid, sign } = keys.current()
    const unsigned = {
      number: (last?.number ?? 0) + 1,
      encoding: ENCODING,
      count: rows.length,
      digest: digestOf(last?.digest, rows.toSorted(byId).map(hashOfRow)),
      sealedAtMs: clock.now(),
      kid,
    }
    return { ...unsigned, signature: sign(sealMessage(databaseId, unsigned)).toString('base64url') }
  }

  /** @throws Overtaken */
  const store = (seal: AuditSeal, ids: readonly string[]): Promise<void> =>
    write(async ({ auditSeals }) => {
      if ((await auditSeals.lockNewestKey())?.kid !== seal.kid) throw new Overtaken()
      if ((await auditSeals.claim(ids, seal.number)) !== ids.length) throw new Overtaken()
      if (!(await auditSeals.insert(seal))) throw new Overtaken()
    })

  return {
    async sealNext() {
      await keys.follow()
      const last = await read.auditSeals.last()
      if (wasPutBack(last)) return 'put_back'
      seen = last
      const rows = await read.auditSeals.unsealed('', MOST_ROWS)
      if (rows.length === 0) return 'caught_up'
      const seal = await make(rows, last)
      try {
        await store(
          seal,
          rows.map(({ id }) => id),
        )
      } catch (error) {
        if (error instanceof Overtaken) return 'overtaken'
        throw error
      }
      seen = seal
      return rows.length < MOST_ROWS ? 'caught_up' : 'sealed'
    },
    head: () => seen && headOf(seen),
  }
}
