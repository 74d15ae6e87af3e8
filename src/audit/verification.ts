/**
 * Checks an audit: every event is in the seal that was made of it, every seal covers the one before and is signed by the key of its
 * time, and the key is believed. It sees each part once, in order, and keeps none.
 */
import { sealMessage } from '../records/audit-encoding.ts'
import type { AuditRow, AuditSeal } from '../records/audit-seal.ts'
import { byId, digestOf, hashOfRow, isKnownEncoding } from './encoding.ts'
import * as words from './findings.ts'
import { createFindings, type Problem } from './findings.ts'
import { createHeadCheck, type Head } from './head-check.ts'
import type { AuditItem } from './items.ts'
import { createKeyChain, type KeyChain } from './key-chain.ts'
import { isSignedBy } from './public-key.ts'
import { addedRow, createLackingSeals } from './suspects.ts'
import { createTrustCheck } from './trust-check.ts'

export interface VerificationOptions {
  /** Texts of public keys. */
  readonly publicKeys: readonly string[]
  /** A seal that was noted elsewhere. */
  readonly head: Head | undefined
  /** Undefined: nothing is ever removed. */
  readonly retention: { readonly seconds: number; readonly text: string } | undefined
  readonly nowMs: number
}

export interface Verdict {
  readonly problems: readonly Problem[]
  /** How many there are besides. */
  readonly unlisted: number
  readonly warnings: readonly string[]
  readonly databaseId: string
  readonly first: AuditSeal | undefined
  readonly last: AuditSeal | undefined
  readonly seals: number
  /** In seals. */
  readonly rows: number
  readonly unsealed: number
}

/** @returns a function that takes the parts one after the other, and one that sums up */
export function createVerification(options: VerificationOptions) {
  const { publicKeys, head, retention, nowMs } = options
  const findings = createFindings()
  const headCheck = createHeadCheck(head)
  const trustCheck = createTrustCheck(publicKeys)
  const lacking = createLackingSeals()
  let databaseId = ''
  let keys: KeyChain = createKeyChain(databaseId, publicKeys)
  let first: AuditSeal | undefined
  let last: AuditSeal | undefined
  /** What the digest of the next seal may begin with: what stands in the last one, and what it should be. */
  let digests: readonly (string | undefined)[] | undefined = [undefined]
  let [seals, rowsSealed, unsealed] = [0, 0, 0]

  function checkSignature(context: words.SealContext): void {
    const { seal } = context
    const checked = keys.of(seal.number)
    const isSigned =
      checked?.key.kid === seal.kid && isSignedBy(checked.publicKey, sealMessage(databaseId, seal), seal.signature)
    trustCheck.seal(seal, checked)
    if (!isSigned) findings.add(words.notSigned(context, checked?.key.kid))
  }

  /** Where the retention ended: the events are gone, and the signed time of the seal says since when they may be. */
  function checkAnchor(context: words.SealContext): void {
    const { seal } = context
    const isOld = retention !== undefined && nowMs - seal.sealedAtMs >= retention.seconds * 1000
    if (!isOld) findings.add(words.youngGap(context, retention?.text ?? 'off'))
    // The seals that follow cover its digest, and not its time.
    const checked = keys.of(seal.number)
    if (publicKeys.length > 0 && !checked?.isBelieved) findings.add(words.doubtfulGap(context, checked?.key.kid))
    digests = [seal.digest]
  }

  function checkRows(context: words.SealContext, rows: readonly AuditRow[]): void {
    const { seal } = context
    if (!isKnownEncoding(seal.encoding)) findings.add(words.unknownEncoding(context))
    const sorted = rows.toSorted(byId)
    const hashes = sorted.map(hashOfRow)
    const before = digests
    digests = [seal.digest]
    // Where seals are missing nobody knows what this one begins with.
    if (before === undefined || !isKnownEncoding(seal.encoding)) return
    const fits = (some: readonly Buffer[]) => before.some(digest => digestOf(digest, some) === seal.digest)
    if (rows.length === seal.count && fits(hashes)) return
    digests = [seal.digest, digestOf(before[0], hashes)]
    const culprit = rows.length === seal.count + 1 ? addedRow(sorted, hashes, fits) : undefined
    if (rows.length === seal.count - 1) lacking.note({ number: seal.number, rows: sorted, hashes, fits })
    findings.add(words.rowsDiffer(context, rows.length, culprit))
  }

  function lookForMissing(rows: readonly AuditRow[]): void {
    for (const { row, number } of lacking.missingAmong(rows)) findings.add(words.movedRow(row, number))
  }

  function checkBatch(seal: AuditSeal, rows: readonly AuditRow[]): void {
    const context = { seal, before: last }
    const expected = (last?.number ?? 0) + 1
    const isAnchor = last === undefined && rows.length === 0 && seal.count !== 0
    if (!isAnchor && seal.number !== expected) {
      findings.add(
        seal.number > expected ? words.sealsMissing(expected, seal.number - 1, context) : words.disorder(context),
      )
      digests = undefined
    }
    checkSignature(context)
    if (isAnchor) checkAnchor(context)
    else checkRows(context, rows)
    headCheck.seal(seal, rows)
    first ??= seal
    last = seal
    seals += 1
    rowsSealed += rows.length
  }

  return {
    take(item: AuditItem): void {
      if (item.kind === 'database') {
        databaseId = item.id
        keys = createKeyChain(databaseId, publicKeys)
      } else if (item.kind === 'key') {
        const { problems, warnings } = keys.add(item.key)
        for (const message of problems) findings.add({ message })
        findings.warnings.push(...warnings)
      } else if (item.kind === 'batch') checkBatch(item.seal, item.rows)
      else if (item.kind === 'stray') {
        findings.add(words.strays(item.rows))
        lookForMissing(item.rows)
      } else if (item.kind === 'unsealed') {
        unsealed += item.rows.length
        lookForMissing(item.rows)
      } else [first, last, digests] = [undefined, undefined, undefined]
    },

    sum(): Verdict {
      const end = { first, last, keys }
      const covered = headCheck.sum(end)
      for (const problem of [...covered.problems, ...trustCheck.problems(end)]) findings.add(problem)
      findings.warnings.push(...trustCheck.warnings({ ...end, coveredUpTo: covered.upTo }))
      if (head === undefined) findings.warnings.push(headCheck.advice)
      const { problems, warnings, unlisted } = findings
      return { problems, unlisted: unlisted(), warnings, databaseId, first, last, seals, rows: rowsSealed, unsealed }
    },
  }
}

/** @param items in their order */
export async function verifyAudit(items: AsyncIterable<AuditItem>, options: VerificationOptions): Promise<Verdict> {
  const verification = createVerification(options)
  for await (const item of items) verification.take(item)
  return verification.sum()
}
