/** Whether a token was revoked, and what to say when that can't be known. */
import type { AccessTokenClaims } from './access-token-claims.ts'
import type { Report } from './environment.ts'
import type { Keys } from './issuer/issuer-keys.ts'
import type { NamedList } from './issuer/known-status-lists.ts'
import type { Mode } from './options.ts'
import { TokenError } from './token-error.ts'

/**
 * @param list what the claims name; undefined when they name none
 * @throws TokenError revoked, invalid_claim; in strict mode unavailable
 */
export type CheckRevocation = (claims: AccessTokenClaims, list: NamedList | undefined, mode: Mode) => void

export function createRevocationCheck(dependencies: {
  readonly keys: Pick<Keys, 'ageMs'>
  readonly maxStalenessMs: number
  readonly report: Report
}): CheckRevocation {
  const { keys, maxStalenessMs, report } = dependencies
  const isStale = ({ ageMs }: Pick<Keys, 'ageMs'>): boolean => ageMs() > maxStalenessMs

  function reportUnchecked(list: NamedList): void {
    if (list.isReported) return
    list.isReported = true
    report({ type: 'status_unchecked', uri: list.uri })
  }

  return ({ status }, list, mode) => {
    const statusList = list?.value()
    if (status !== undefined && statusList !== undefined) {
      const value = statusList.statusAt(status.status_list.idx)
      if (value === undefined)
        throw new TokenError('invalid_claim', 'The status list has no such index as the token names.')
      if (value !== 0) throw new TokenError('revoked', 'The access token was revoked.')
    }
    // A key may have been revoked as well. A mode that is misspelt counts as strict.
    if (mode !== 'lenient' && (isStale(keys) || (list !== undefined && isStale(list))))
      throw new TokenError('unavailable', 'It can not be known at the moment whether the access token was revoked.')
    if (list !== undefined && statusList === undefined) reportUnchecked(list)
  }
}
