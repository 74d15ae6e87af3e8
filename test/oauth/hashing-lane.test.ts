import { availableParallelism } from 'node:os'
import t from 'tap'
import { MOST_WAITING_WORK } from '../../src/passwords/hashing-lane.ts'
import { isError } from '../support/error-shape.ts'
import { createHold } from '../support/hold.ts'
import { type Answer, addAlice, refresh, secret, serve, signIn } from '../support/serve.ts'
import { auditOf } from '../support/sqlite.ts'

const cores = availableParallelism()

/** A service in which every slot is taken by a sign-in that does not end before `open`. */
async function busyScene(t: Parameters<typeof serve>[0]) {
  const hashing = createHold()
  /** Whose checks have begun. */
  const begun: string[] = []
  const service = await serve(t, {
    environment: { SIGNET_TRUST_PROXY: '127.0.0.1/32' },
    faults: {
      hasher: inner => ({
        hash: inner.hash,
        verify: (_, typed) => {
          begun.push(typed)
          return hashing.pass(async () => typed === 'right')
        },
      }),
    },
  })
  await addAlice(service)
  const { refresh_token: refreshToken, access_token: accessToken } = (await signIn(service, { password: 'right' })).body

  /** A sign-in with the network, or the client, for a password. */
  const guess = (from: string) =>
    from === 'web-app'
      ? signIn(service, { password: from })
      : service.token(
          { grant_type: 'password', client_id: 'spa', username: `somebody of ${from}`, password: from },
          { headers: { 'x-forwarded-for': `${from}.1` } },
        )

  hashing.close()
  const running = Array.from({ length: cores }, (_, index) => guess(`192.0.${index}`))
  await hashing.waiting(cores)
  begun.length = 0

  const refused: Answer[] = []
  let told = () => {}

  /** Sends all of them, and goes on when so many of all that were sent are refused: the others then wait in the lane. */
  async function enter(froms: readonly string[], refusals: number): Promise<readonly Promise<Answer>[]> {
    const enough = Promise.withResolvers<void>()
    told = () => refused.length === refusals && enough.resolve()
    const answers = froms.map(async from => {
      const answer = await guess(from)
      if (answer.status !== 503) return answer
      refused.push(answer)
      told()
      return answer
    })
    await enough.promise
    return answers
  }

  async function open(answers: readonly Promise<Answer>[]): Promise<number[]> {
    hashing.open()
    await Promise.all(running)
    return (await Promise.all(answers)).map(({ status }) => status)
  }

  return { service, refreshToken, accessToken, begun, refused, enter, open }
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)
const network = (index: number) => `10.${index}.0`
const countOf = (statuses: readonly number[], status: number) => statuses.filter(each => each === status).length

t.test('a network has two checks waiting, a confidential client eight; the next is 503 before any work', async t => {
  const { service, begun, refused, enter, open } = await busyScene(t)
  const audited = auditOf(service.databaseFile).length
  const answers = [...(await enter(times(3, network(1)), 1)), ...(await enter(times(9, 'web-app'), 2))]
  for (const answer of refused) {
    isError(t, answer, [503, 'temporarily_unavailable'])
    t.match(answer.headers.get('retry-after'), /^[1-9]\d*$/)
    t.equal(answer.headers.get('cache-control'), 'no-store')
  }
  t.same(begun, [], 'nothing of them has begun')
  t.equal(auditOf(service.databaseFile).length, audited, 'and nobody was judged')

  t.equal(countOf(await open(answers), 400), 10, 'who waited was served')
  const [ofNetwork, ofClient] = [network(1), 'web-app'].map(from => begun.filter(each => each === from).length)
  t.same([ofNetwork, ofClient], [2, 8], 'and who was refused cost no hash')
})

t.test('networks and confidential clients are served in turn, whoever came first', async t => {
  const { begun, enter, open } = await busyScene(t)
  const [a, b] = [network(1), network(2)]
  const answers = [
    ...(await enter(times(9, 'web-app'), 1)),
    ...(await enter(times(3, a), 2)),
    ...(await enter(times(3, b), 3)),
  ]
  await open(answers)
  t.same(begun, ['web-app', a, b, 'web-app', a, b, ...times(6, 'web-app')])
})

t.test('past all the work that may wait, what needs no hash is answered all the same', async t => {
  const { service, refreshToken, accessToken, begun, refused, enter, open } = await busyScene(t)
  const answers = await enter(
    Array.from({ length: MOST_WAITING_WORK + 3 }, (_, index) => network(index)),
    3,
  )
  for (const answer of refused) isError(t, answer, [503, 'temporarily_unavailable'])
  t.same(begun, [])
  t.equal((await refresh(service, refreshToken)).status, 200)
  t.equal((await service.get('/.well-known/jwks.json')).status, 200)
  const token = { form: { token: accessToken }, client: ['web-app', secret] } as const
  t.equal((await service.get('/oauth/introspect', token)).status, 200)

  t.equal(countOf(await open(answers), 400), MOST_WAITING_WORK)
  t.equal(begun.length, MOST_WAITING_WORK)
})

t.test('who fills the lane from a few networks cannot keep a newcomer out', async t => {
  const { begun, enter, open } = await busyScene(t)
  const crowd = Array.from({ length: MOST_WAITING_WORK / 2 }, (_, index) => network(index))
  const answers = [
    ...(await enter([...crowd, ...crowd, ...crowd], crowd.length)),
    ...(await enter([network(200)], crowd.length + 1)),
  ]
  const statuses = await open(answers)
  t.equal(statuses.at(-1), 400, 'it was served, in the place of one of the others')
  t.equal(countOf(statuses, 503), crowd.length + 1)
  t.same(new Set(begun), new Set([...crowd, network(200)]), 'and every network that waited was served')
})
