/** What instances on one database must agree on without talking to each other. */
import t from 'tap'
import { inParallel } from '../support/command-line.ts'
import { claimsOf, refresh, signIn } from '../support/serve.ts'
import { storedAs, storedRevocations } from '../support/status-list.ts'
import { endBesideOthers, spread, threeInstances } from '../support/three-instances.ts'

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
    const some = devices.filter((_, index) => index % 3 === 0).map(({ refresh_token }) => refresh_token)
    await endBesideOthers(t, services, some)
    const revoked = new Set(storedRevocations(first.databaseFile))
    const indices = devices.map(({ access_token }) => storedAs(claimsOf(access_token).status.status_list))
    t.same(
      indices.filter(each => !revoked.has(each)),
      [],
    )
  },
)
