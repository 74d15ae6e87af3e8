/** What instances on one database must agree on without talking to each other. */
import t, { type Test } from 'tap'
import { inParallel } from '../support/command-line.ts'
import { byTest, claimsOf, refresh, type Service, serve, signIn } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'
import { revoke, storedAs, storedRevocations, withAlice } from '../support/status-list.ts'

async function threeInstances(t: Test) {
  const environment = { SIGNET_SESSION_LIMIT: '1000' }
  const first = await withAlice(t, { environment })
  const { folder } = first
  return [first, await serve(t, { folder, environment }), await serve(t, { folder, environment })] as const
}

/** One of them after the other. */
const spread = <T>(services: readonly Service[], count: number, act: (service: Service, index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => act(services[index % services.length] as Service, index)))

t.test('50 uses of one refresh token at once over three instances leave one lineage', async t => {
  const services = await threeInstances(t)
  const { body } = await signIn(services[0])
  const answers = await spread(services, 50, service => refresh(service, body.refresh_token))
  t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
  const successors = new Set(answers.map(answer => answer.body.refresh_token))
  t.equal(successors.size, 1)
  t.equal((await refresh(services[1], [...successors][0])).status, 200)
})

t.test(
  'of the sessions of a client that end beside sign-outs and refreshes over three instances none is left',
  async t => {
    const services = await threeInstances(t)
    const [first] = services
    const devices = await inParallel(Array.from({ length: 405 }), async () => (await signIn(first)).body)
    const tokens = new Set(devices.map(({ access_token }) => access_token))
    const sessions = await first.container.sessionManagement()
    const [client] = select(first.databaseFile, "select id from clients where client_id = 'web-app'")
    const ending = sessions.end({ clientId: String(client?.['id']) }, 'test', byTest)
    const beside = await spread(services, 135, async (service, index) => {
      const token = devices[index * 3]?.refresh_token ?? ''
      if (index % 2 === 0) return revoke(service, token)
      const answer = await refresh(service, token)
      if (answer.status === 200) tokens.add(answer.body.access_token)
      return answer
    })
    await ending
    t.ok(beside.every(({ status }) => status === 200 || status === 400))
    t.same(select(first.databaseFile, 'select id from sessions where ended_at_ms is null'), [])
    const revoked = new Set(storedRevocations(first.databaseFile))
    t.same(
      [...tokens].map(token => storedAs(claimsOf(token).status.status_list)).filter(each => !revoked.has(each)),
      [],
    )
  },
)
