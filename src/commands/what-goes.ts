/** What a question says before an act that destroys: who or what goes, and how much with it. */
import type { ApiKeys, KeyOwnerName } from '../accounts/api-keys.ts'
import { isoTime } from '../clock.ts'
import type { SessionManagement } from '../oauth/sessions/session-management.ts'
import { MOST_COUNTED } from '../records/limits.ts'
import type { AliveSessions, SessionReach } from '../records/session.ts'

/** Made when they are asked for. */
export interface GoingServices {
  sessionManagement(): Promise<Pick<SessionManagement, 'countAlive'>>
  apiKeys(): Promise<Pick<ApiKeys, 'list'>>
}

/** @param most what was counted up to */
export function counted(count: number, one: string, most = Number.POSITIVE_INFINITY): string {
  const some = count === 0 ? 'no' : count >= most ? `${count} or more` : String(count)
  return `${some} ${one}${count === 1 ? '' : 's'}`
}

/** The same, and nothing where there is none. */
export const some = (count: number, one: string): readonly string[] => (count === 0 ? [] : [counted(count, one)])

/** `a, b and c` */
export const inWords = (things: readonly string[]): string =>
  [things.slice(0, -1).join(', '), ...things.slice(-1)].filter(part => part !== '').join(' and ')

/** Of several reaches that have nothing in common, together. */
export async function countAlive(
  services: Pick<GoingServices, 'sessionManagement'>,
  ...reaches: readonly SessionReach[]
): Promise<AliveSessions> {
  const sessions = await services.sessionManagement()
  const counts = await Promise.all(reaches.map(reach => sessions.countAlive(reach)))
  const sum = (name: keyof AliveSessions) => counts.reduce((total, count) => total + count[name], 0)
  return { signIns: sum('signIns'), signInsWithToken: sum('signInsWithToken'), machines: sum('machines') }
}

/** All that was given to a client, or through it. @param id the internal one */
export const reachesOfClient = (id: string): readonly SessionReach[] => [
  { clientId: id },
  // Its API keys, through other clients.
  { subjectId: id, exceptClientId: id },
]

/** Where sessions end, with their access tokens: `3 sessions (2 with a live access token)`, and what machines have. */
export function endingSessions({ signIns, signInsWithToken, machines }: AliveSessions): readonly string[] {
  const withToken = signIns === 0 ? '' : ` (${signInsWithToken || 'none'} with a live access token)`
  return [
    ...(signIns === 0 && machines > 0 ? [] : [`${counted(signIns, 'session', MOST_COUNTED)}${withToken}`]),
    ...(machines === 0 ? [] : [`the access tokens of ${counted(machines, 'credential', MOST_COUNTED)}`]),
  ]
}

/** Where access tokens alone end; `no live access token` when there is none. */
export function endingTokens({ signInsWithToken, machines }: AliveSessions): string {
  const holders = [
    ...(signInsWithToken === 0 ? [] : [counted(signInsWithToken, 'session', MOST_COUNTED)]),
    ...(machines === 0 ? [] : [counted(machines, 'credential', MOST_COUNTED)]),
  ]
  return holders.length === 0 ? 'no live access token' : `the access tokens of ${inWords(holders)}`
}

export const countApiKeys = async (services: Pick<GoingServices, 'apiKeys'>, owner: KeyOwnerName): Promise<number> =>
  (await (await services.apiKeys()).list(owner)).filter(({ status }) => status === 'active').length

/** Of one credential of a client. */
export async function credentialGoes(
  services: Pick<GoingServices, 'sessionManagement'>,
  {
    kind,
    clientId,
    credential: { id, name, lastUsedAtMs },
  }: {
    readonly kind: 'secret' | 'key' | 'trust'
    readonly clientId: string
    readonly credential: { readonly id: string; readonly name?: string | null; readonly lastUsedAtMs: number | null }
  },
): Promise<string> {
  const { machines } = await countAlive(services, { credentialId: id })
  const named = name ? `${name} (${id})` : id
  const used = lastUsedAtMs === null ? 'It was never used' : `It was last used at ${isoTime(lastUsedAtMs)}`
  const ends = machines === 0 ? 'no access token of it is alive' : `the access tokens that ${clientId} got with it end`
  return `This removes the ${kind} ${named} of ${clientId} for good. ${used}; ${ends}.`
}
