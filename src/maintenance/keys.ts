/** What operators do with signing keys, and what they are told of them. */
import type { Clock } from '../clock.ts'
import type { AuditKeyChanges } from '../keys/audit-key-changes.ts'
import { type KeyLifecycle, NOT_PUBLISHED } from '../keys/key-lifecycle.ts'
import { createKeyList, type ListKeys } from '../keys/key-list.ts'
import { inState, isPublished, type KeyPolicy, signingSpan } from '../keys/schedule.ts'
import type { Provenance } from '../records/audit-event.ts'
import { MOST_COUNTED } from '../records/limits.ts'
import type { SessionReader } from '../records/session.ts'
import { KeyError, type SigningKey } from '../records/signing-key.ts'
import type { Rewrap } from './rewrap.ts'

/** Each act throws KeyError on a copy of the database: it must not change the keys of the original. */
export interface KeyAdministration {
  readonly list: ListKeys
  /** @returns the key that signs next, from when, and whether it does already */
  rotate(by: Provenance): Promise<{ readonly kid: string; readonly activatesAtMs: number; readonly isDone: boolean }>
  /**
   * How many sessions have an access token that revoking it would end; MOST_COUNTED stands for so many or more.
   * @param kid undefined: every key
   * @throws KeyError when there is no such key in the JWKS
   */
  countLiveSessions(kid: string | undefined): Promise<number>
  /** @param kid undefined: every key */
  revoke(kid: string | undefined, reason: string, by: Provenance): Promise<RevokedKeys>
  rewrap: Rewrap['rewrap']
}

export interface RevokedKeys {
  readonly revoked: readonly string[]
  /** Whether verifiers know the key that signs now. */
  readonly signerIsKnown: boolean
  /** Sessions whose newest access token lived and was signed by what was revoked; MOST_COUNTED stands for so many or more. Undefined: they could not be counted in time. */
  readonly liveSessions: number | undefined
  /**
   * The key that was made in place of one that was revoked, and from when it signs; verifiers that fetch keys only for one that they don't
   * know learn of the revocation by it. Undefined: there is none, or it could not be read.
   */
  readonly followUp: { readonly kid: string; readonly activatesAtMs: number } | undefined
  /** The new key of the audit, when every key was revoked and there was one. */
  readonly auditKid: string | undefined
}

export function createKeyAdministration(dependencies: {
  readonly lifecycle: KeyLifecycle
  readonly auditKeyChanges: Pick<AuditKeyChanges, 'replace'>
  readonly policy: KeyPolicy
  readonly assertOriginal: () => Promise<void>
  readonly sessionReader: SessionReader
  readonly rewrap: Rewrap['rewrap']
  readonly clock: Clock
}): KeyAdministration {
  const { lifecycle, auditKeyChanges, policy, assertOriginal, sessionReader, rewrap, clock } = dependencies

  /** When the key signed; undefined when there is no such key. */
  function signingSpanOf(kid: string | undefined, keys: readonly SigningKey[]) {
    if (kid === undefined) return { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER }
    const key = keys.find(each => each.kid === kid)
    return key && signingSpan(key)
  }

  const countLiveSessions = ({ fromMs, untilMs }: { fromMs: number; untilMs: number }): Promise<number> =>
    sessionReader.countLive(fromMs, untilMs, clock.now(), MOST_COUNTED)

  /** A standby that was there before, some verifiers know already, whoever asked it to sign. */
  async function findFollowUp(before: readonly SigningKey[]): Promise<RevokedKeys['followUp']> {
    const next = inState(await lifecycle.list(), 'pending')
    if (next === undefined || next.rotationAskedAtMs === null || before.some(({ kid }) => kid === next.kid)) return
    return { kid: next.kid, activatesAtMs: next.activatesAtMs }
  }

  return {
    list: createKeyList({ lifecycle, policy, clock }),
    rewrap,
    async rotate(by) {
      await assertOriginal()
      const { kid, activatesAtMs } = await lifecycle.rotate(by)
      return { kid, activatesAtMs, isDone: activatesAtMs <= clock.now() }
    },
    async countLiveSessions(kid) {
      const keys = await lifecycle.list()
      const span = signingSpanOf(kid, keys.filter(isPublished))
      if (span === undefined) throw new KeyError(NOT_PUBLISHED)
      return countLiveSessions(span)
    },
    async revoke(kid, reason, by) {
      await assertOriginal()
      const before = await lifecycle.list()
      const span = signingSpanOf(kid, before)
      const done =
        kid === undefined
          ? { revoked: await lifecycle.revokeAll(reason, by), signerIsKnown: false }
          : { revoked: [kid], ...(await lifecycle.revoke(kid, reason, by)) }
      // It lies beside the signing keys: whoever read those has it, too.
      const auditKid = kid === undefined ? await auditKeyChanges.replace(reason, by) : undefined
      // Afterwards: an emergency does not wait until it is counted.
      return {
        ...done,
        auditKid,
        followUp: await findFollowUp(before).catch(() => undefined),
        liveSessions: span === undefined ? 0 : await countLiveSessions(span).catch(() => undefined),
      }
    },
  }
}
