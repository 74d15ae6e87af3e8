/** What a question says before an act that destroys: who or what goes, and how much with it. */
import type { ApiKeys, KeyOwnerName } from '../accounts/api-keys.ts'
import { isoTime } from '../clock.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import { MOST_LISTED } from '../records/limits.ts'
import type { SessionFilter } from '../records/session.ts'

/** Made when they are asked for. */
export interface GoingServices {
  sessionManagement(): Promise<Pick<SessionManagement, 'list'>>
  apiKeys(): Promise<Pick<ApiKeys, 'list'>>
}

/** Of a credential that is about to go. */
export const usedLast = ({ lastUsedAtMs }: { readonly lastUsedAtMs: number | null }): string =>
  lastUsedAtMs === null ? 'It was never used' : `It was used last at ${isoTime(lastUsedAtMs)}`

/** @param most what was counted up to */
export function counted(count: number, one: string, most = Number.POSITIVE_INFINITY): string {
  const some = count >= most ? `${count} or more` : String(count)
  return `${some} ${one}${count === 1 ? '' : 's'}`
}

export const countSessions = async (services: Pick<GoingServices, 'sessionManagement'>, filter: SessionFilter) =>
  counted((await (await services.sessionManagement()).list(filter)).length, 'session', MOST_LISTED)

export const countApiKeys = async (services: Pick<GoingServices, 'apiKeys'>, owner: KeyOwnerName) => {
  const keys = await (await services.apiKeys()).list(owner)
  return counted(keys.filter(({ status }) => status === 'active').length, 'API key')
}

export const goesWith = (who: string, ...what: readonly string[]): string =>
  `${who} goes for good, with ${what.join(', ')}.`
