/** What `signet apply` is about to end: how many sessions, and of how many access tokens. */
import type { Clients } from '../accounts/clients.ts'
import { idsOfRemoved } from '../maintenance/credential-definitions.ts'
import type { Difference } from '../maintenance/definitions.ts'
import type { SessionReach } from '../records/session.ts'
import { countAlive, endingSessions, endingTokens, type GoingServices, inWords, reachesOfClient } from './what-goes.ts'

export interface EndingServices extends Pick<GoingServices, 'sessionManagement'> {
  clients(): Promise<Pick<Clients, 'list'>>
}

async function reachesOf({ roles, issuers, clients }: Difference, services: EndingServices) {
  const sessions: SessionReach[] = []
  const tokens: SessionReach[] = roles.flatMap(({ isNarrower, after }) =>
    isNarrower ? [{ roleName: after.name }] : [],
  )
  for (const { before, ends, credentials } of clients) {
    if (before === undefined) continue
    if (ends === 'sessions') sessions.push(...reachesOfClient(before.id))
    if (ends === 'access_tokens') tokens.push(...reachesOfClient(before.id))
    if (ends === 'own_tokens') tokens.push({ credentialIds: idsOfRemoved(credentials) })
  }
  const changed = new Set(issuers.flatMap(({ takesTokens, before }) => (takesTokens && before ? [before.id] : [])))
  if (changed.size > 0) {
    const trusts = (await (await services.clients()).list()).flatMap(client => client.trusts)
    tokens.push({ credentialIds: trusts.flatMap(({ id, issuerId }) => (changed.has(issuerId) ? [id] : [])) })
  }
  return { sessions, tokens }
}

/** A sentence. What two changes reach is counted twice. */
export async function whatEnds(difference: Difference, services: EndingServices): Promise<string> {
  const { sessions, tokens } = await reachesOf(difference, services)
  const ends = sessions.length === 0 ? [] : endingSessions(await countAlive(services, ...sessions))
  const taken = tokens.length === 0 ? [] : [endingTokens(await countAlive(services, ...tokens))]
  return `This ends ${inWords([...ends, ...taken])}.`
}
