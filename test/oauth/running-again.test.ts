/** How often a request runs again, and what must not make it do so. */
import t from 'tap'
import { StorageUnavailable } from '../../src/records/unit-of-work.ts'
import { good, scene } from '../support/scene.ts'
import { byTest } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

t.test('a request that finds something changed each time is told to try again, and nothing has happened', async t => {
  const turn = { isOn: false, count: 0 }
  const its = await scene(t, {
    faults: {
      signer: ({ kid, sign }) => ({
        kid,
        async sign(input) {
          if (turn.isOn) {
            turn.count += 1
            await its.service.clients.update('account', { accessTokenTtlSeconds: 300 + turn.count }, byTest)
          }
          return sign(input)
        },
      }),
    },
  })
  const device = await its.device()
  turn.isOn = true
  const answer = await its.refresh(device.refreshToken)
  turn.isOn = false
  t.equal(answer.status, 503)
  t.equal(turn.count, 4, 'once, and three times again')
  t.same(await its.verdictOn(await its.refreshed(device)), good)
})

t.test('when a credential was used last is a write of its own: nothing depends on it', async t => {
  const refuse = () => Promise.reject(new StorageUnavailable('The row is locked.'))
  const its = await scene(t, {
    faults: {
      write: inner => (work, size) =>
        inner(stores => work({ ...stores, credentials: { ...stores.credentials, setLastUsed: refuse } }), size),
    },
  })
  const before = select(its.service.databaseFile, 'select revision from clients order by id')
  t.equal((await its.attempt()).status, 200)
  t.same(select(its.service.databaseFile, 'select revision from clients order by id'), before)
})
