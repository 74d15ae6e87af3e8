/** Three instances of the service on one database, in this process. */
import type { Test } from 'tap'
import { byTest, claimsOf, refresh, type Service, serve } from './serve.ts'
import { select } from './sqlite.ts'
import { revoke, storedAs, storedRevocations, withAlice } from './status-list.ts'

export type Instances = readonly [Service, Service, Service]

export async function threeInstances(t: Test): Promise<Instances> {
  const environment = { SIGNET_SESSION_LIMIT: '1000' }
  const first = await withAlice(t, { environment })
  const { folder } = first
  return [first, await serve(t, { folder, environment }), await serve(t, { folder, environment })]
}

/** One of them after the other, all at once. */
export const spread = <T>(
  services: readonly Service[],
  count: number,
  act: (service: Service, index: number) => Promise<T>,
) => Promise.all(Array.from({ length: count }, (_, index) => act(services[index % services.length] as Service, index)))

export const idOfWebApp = ({ databaseFile }: Service): string =>
  String(select(databaseFile, "select id from clients where client_id = 'web-app'")[0]?.['id'])

/** Ends all sessions of web-app, while some of these refresh tokens are used and others revoked; then none is left. */
export async function endBesideOthers(t: Test, services: Instances, refreshTokens: readonly string[]): Promise<void> {
  const [first] = services
  const sessions = await first.container.sessionManagement()
  const ending = sessions.end({ clientId: idOfWebApp(first) }, 'test', byTest)
  const released: string[] = []
  const beside = await spread(services, refreshTokens.length, async (service, index) => {
    const token = refreshTokens[index] ?? ''
    if (index % 2 === 0) return revoke(service, token)
    const answer = await refresh(service, token)
    if (answer.status === 200) released.push(answer.body.access_token)
    return answer
  })
  await ending
  t.ok(beside.every(({ status }) => status === 200 || status === 400))
  t.same(select(first.databaseFile, 'select id from sessions where ended_at_ms is null'), [])
  const revoked = new Set(storedRevocations(first.databaseFile))
  const alive = released.map(token => storedAs(claimsOf(token).status.status_list)).filter(each => !revoked.has(each))
  t.same(alive, [])
}
