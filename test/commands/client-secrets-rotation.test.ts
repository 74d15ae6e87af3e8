/** The secret of a client is exchanged while the client works. */
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { api, password, secret, serve } from '../support/serve.ts'
import { auditOf } from '../support/sqlite.ts'

/** Instances of the client, each with a session of its own. */
const INSTANCES = 8
/** In every phase, beside those that run until its act is done. */
const LEAST_ROUNDS = 10

t.test('no request with a live secret fails while one is added, deployed and the old one removed', async t => {
  const service = await serve(t)
  const { json } = await commandLine(t, service.environment)
  await json(['users', 'add', 'ann', '--password-stdin'], password)
  const settings = ['--grant', 'password', '--grant', 'refresh_token', '--audience', api, '--introspect', api]
  const { secret_id: oldId } = await json(['clients', 'add', 'web-app', '--secret-stdin', ...settings], secret)

  async function createInstance() {
    const form = { grant_type: 'password', username: 'ann', password }
    let { body: tokens } = await service.token(form, { client: ['web-app', secret] })
    /** A refresh, and a look at the access token before. */
    return async (value: string) => {
      const client = ['web-app', value] as const
      const [refreshed, introspected] = await Promise.all([
        service.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }, { client }),
        service.get('/oauth/introspect', { form: { token: tokens.access_token }, client }),
      ])
      const answers = [refreshed.status, introspected.status, introspected.body.active]
      if (answers.join() !== '200,200,true') t.fail('a request failed', { answers, text: refreshed.text })
      tokens = refreshed.body
    }
  }
  const instances = await Promise.all(Array.from({ length: INSTANCES }, createInstance))

  /** Lets every instance work with its secret until the act is done, and some rounds beyond. */
  async function underLoad<T>(secretOf: (instance: number) => string, act: () => Promise<T>): Promise<T> {
    let isDone = false
    const acting = act().finally(() => {
      isDone = true
    })
    await Promise.all(
      instances.map(async (work, instance) => {
        for (let round = 0; !isDone || round < LEAST_ROUNDS; round += 1) await work(secretOf(instance))
      }),
    )
    return acting
  }

  const add = () => json(['clients', 'add-secret', 'web-app', '--name', 'next'])
  const { client_secret: next } = await underLoad(() => secret, add)
  await underLoad(
    instance => (instance % 2 === 0 ? secret : next),
    async () => {},
  )
  const withOld = await underLoad(
    () => next,
    async () => {
      await json(['clients', 'remove-secret', 'web-app', oldId])
      const form = { grant_type: 'none-such' }
      return Promise.all(Array.from({ length: 5 }, () => service.token(form, { client: ['web-app', secret] })))
    },
  )
  for (const { status, body } of withOld)
    t.strictSame([status, body.error], [401, 'invalid_client'], 'the removed one is refused at once')
  await underLoad(
    () => next,
    async () => {},
  )

  t.equal((await json(['clients', 'show', 'web-app'])).secrets.length, 1)
  t.equal((await json(['sessions', 'list'])).length, INSTANCES, 'no session ended')
  const failures = () => auditOf(service.databaseFile).filter(event => event.includes('failure'))
  await service.writeEvents()
  t.strictSame(failures(), ['client.authenticate failure wrong_secret'])
})
