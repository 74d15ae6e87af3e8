import t from 'tap'
import { seedSessions } from '../../bench/revocations/seed.ts'
import { select } from '../support/sqlite.ts'
import { endBesideOthers, idOfWebApp, threeInstances } from '../support/three-instances.ts'

const MANY = 20_000

t.test(
  'of 20,000 sessions of a client that end beside sign-outs and refreshes over three instances none is left',
  { timeout: 300_000 },
  async t => {
    const services = await threeInstances(t)
    const [{ databaseFile, environment, users }] = services
    const { userId } = await users.find('alice')
    const tokens = await seedSessions(environment, MANY, { userId, clientId: idOfWebApp(services[0]) })
    await endBesideOthers(
      t,
      services,
      tokens.filter((_, index) => index % 40 === 0),
    )
    t.ok(Number(select(databaseFile, 'select count(*) as count from revocations')[0]?.['count']) >= MANY)
  },
)
