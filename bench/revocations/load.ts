/** One kind of load in a process of its own: a fixed number of requests a second, whether or not the ones before were answered. */
import { setTimeout as delay } from 'node:timers/promises'
import { introspectForm, refreshForm, revokeForm, wrongSignInForm } from '../accounts.ts'
import { type Answer, type Connection, openConnection, retryAfterMs } from '../connection.ts'
import { forwardedFrom } from '../networks.ts'
import { readStatusList } from '../status-list.ts'
import { SETTLING_MS } from './settling.ts'

export interface Load {
  /**
   * `poll`: as that many verifiers that poll once a second. `guess`: as that many who try passwords, one after the other; who is
   * refused waits for as long as Retry-After says. Each guess has a name and a network of its own, so that none is throttled.
   */
  readonly kind: 'refresh' | 'revoke' | 'poll' | 'jwks' | 'introspect' | 'guess'
  readonly port: number
  /** Refresh tokens. */
  readonly tokens: readonly string[]
  readonly perSecond: number
  readonly seconds: number
}

export interface Outcome {
  /** Of each request after the first two seconds, from the moment it was due, in milliseconds. */
  readonly latencies: readonly number[]
  /** The newest refresh tokens. */
  readonly tokens: readonly string[]
  /** The different documents that came, the newest last. */
  readonly documents: readonly { readonly bytes: number; readonly revoked: number }[]
  /** Guesses that were looked at. */
  readonly answered: number
  /** Guesses that were refused before any work. */
  readonly refused: number
}

function mustBe200({ status, body }: Answer): string {
  if (status !== 200) throw new Error(`${status} ${body}`)
  return body
}

/** More requests than these are not under way at once; what has to wait for its turn has waited all the same. */
const CONNECTIONS = 64

/** Calls `send` at its rate and answers how long each one took. */
async function atRate(load: Load, send: (connection: Connection) => Promise<void>): Promise<number[]> {
  const { port, perSecond, seconds } = load
  const latencies: number[] = []
  const begin = performance.now()
  let next = 0

  async function sendInTurn(): Promise<void> {
    let connection: Connection | undefined
    while (next < perSecond * seconds) {
      const dueAt = begin + (next * 1000) / perSecond
      next += 1
      const waitMs = Math.ceil(dueAt - performance.now())
      if (waitMs > 0) await delay(waitMs)
      connection ??= await openConnection(port)
      await send(connection)
      if (dueAt >= begin + SETTLING_MS) latencies.push(performance.now() - dueAt)
    }
    connection?.close()
  }

  await Promise.all(Array.from({ length: CONNECTIONS }, sendInTurn))
  return latencies
}

const loads: Record<Load['kind'], (load: Load) => Promise<Partial<Outcome>>> = {
  async refresh(load) {
    const tokens = [...load.tokens]
    const latencies = await atRate(load, async connection => {
      const token = tokens.shift()
      if (token === undefined) throw new Error('Every chain waits for its answer.')
      const body = mustBe200(await connection.post('/oauth/token', refreshForm(token)))
      tokens.push(JSON.parse(body).refresh_token)
    })
    return { latencies, tokens }
  },

  async revoke(load) {
    const tokens = load.tokens.values()
    const latencies = await atRate(load, async connection => {
      const { value } = tokens.next()
      if (value === undefined) throw new Error('There are not enough sessions to revoke.')
      mustBe200(await connection.post('/oauth/revoke', revokeForm(value)))
    })
    return { latencies }
  },

  async poll(load) {
    const connection = await openConnection(load.port)
    const { status_lists } = JSON.parse(mustBe200(await connection.get('/oauth/status-lists')))
    connection.close()
    const { pathname } = new URL(status_lists[0])
    const documents = new Set<string>()
    const latencies = await atRate(load, async connection => {
      documents.add(mustBe200(await connection.get(pathname)))
    })
    const described = [...documents].map(each => ({ bytes: each.length, revoked: readStatusList(each).revoked }))
    return { latencies, documents: described }
  },

  async jwks(load) {
    const latencies = await atRate(load, async connection => {
      mustBe200(await connection.get('/.well-known/jwks.json'))
    })
    return { latencies }
  },

  async introspect(load) {
    const connection = await openConnection(load.port)
    const [token = ''] = load.tokens
    const body = mustBe200(await connection.post('/oauth/token', refreshForm(token)))
    connection.close()
    const { access_token, refresh_token } = JSON.parse(body)
    const latencies = await atRate(load, async connection => {
      mustBe200(await connection.post('/oauth/introspect', introspectForm(access_token)))
    })
    return { latencies, tokens: [refresh_token] }
  },

  async guess({ port, perSecond: guessers, seconds }) {
    const end = performance.now() + seconds * 1000
    let [tries, answered, refused] = [0, 0, 0]
    async function guess(): Promise<void> {
      const connection = await openConnection(port)
      while (performance.now() < end) {
        tries += 1
        const form = wrongSignInForm(`guessed-${process.pid}-${tries}`, `guess ${tries}`)
        const { status, head } = await connection.post('/oauth/token', form, forwardedFrom(tries))
        if (status === 400) answered += 1
        else if (status === 503) {
          refused += 1
          await delay(retryAfterMs(head))
        } else throw new Error(`A wrong password was answered with ${status}.`)
      }
      connection.close()
    }
    await Promise.all(Array.from({ length: guessers }, guess))
    return { answered, refused }
  },
}

process.once('message', async (load: Load) => {
  const nothing = { latencies: [], tokens: [], documents: [], answered: 0, refused: 0 }
  process.send?.({ ...nothing, ...(await loads[load.kind](load)) } satisfies Outcome)
})
