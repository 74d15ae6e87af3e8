import t from 'tap'
import { byTest, password, serve } from '../support/serve.ts'

const ROUNDS = 50

t.test(
  'users that are added at the same moment, with the same roles in any order, do not refuse each other',
  async t => {
    const { roles, users } = await serve(t)
    for (const name of ['author', 'editor']) await roles.add({ name, permissions: ['posts:read'] }, byTest)
    for (let round = 0; round < ROUNDS; round += 1)
      await Promise.all([
        users.add({ username: `ann-${round}`, password, roles: ['author', 'editor'] }, byTest),
        users.add({ username: `bob-${round}`, password, roles: ['editor', 'author'] }, byTest),
      ])
    const added = await users.list()
    t.equal(added.filter(user => user.roles.join() === 'author,editor').length, 2 * ROUNDS)
  },
)
