/** Chains of refreshes, each following its own rotation, over a connection of its own. */
import { refreshForm, signInForm } from '../accounts.ts'
import { type Connection, openConnection } from '../connection.ts'

/** Until the compiler of the runtime has seen what is hot. */
const WARM_UP_SECONDS = 30

interface Measured {
  readonly perSecond: number
  /** Processor time of the service for one refresh. */
  readonly cpuMicroseconds: number
  readonly p50: number
  readonly p99: number
}

async function signIn(port: number): Promise<{ connection: Connection; token: string }> {
  const connection = await openConnection(port)
  const { body } = await connection.post('/oauth/token', signInForm())
  return { connection, token: tokenOf(body) }
}

function tokenOf(body: string): string {
  const token = JSON.parse(body).refresh_token
  if (typeof token !== 'string') throw new Error(`no refresh token: ${body}`)
  return token
}

/** Lets every chain follow its own rotation until the time is over. */
export async function measure(options: {
  readonly port: number
  readonly chains: number
  readonly seconds: number
  readonly warmUpSeconds?: number
  /** What the service has used until now, in microseconds. */
  readonly cpuTime: () => number
}): Promise<Measured> {
  const { port, chains, seconds, warmUpSeconds = WARM_UP_SECONDS, cpuTime } = options
  const sessions = []
  for (let index = 0; index < chains; index += 1) sessions.push(await signIn(port))
  const durations: number[] = []
  const begin = performance.now() + warmUpSeconds * 1000
  const end = begin + seconds * 1000
  let cpuBefore = 0
  setTimeout(() => {
    cpuBefore = cpuTime()
  }, warmUpSeconds * 1000)
  await Promise.all(
    sessions.map(async ({ connection, token }) => {
      let current = token
      for (let sent = performance.now(); sent < end; ) {
        current = tokenOf((await connection.post('/oauth/token', refreshForm(current))).body)
        const now = performance.now()
        if (sent >= begin && now < end) durations.push(now - sent)
        sent = now
      }
    }),
  )
  const cpuMicroseconds = (cpuTime() - cpuBefore) / durations.length
  for (const { connection } of sessions) connection.close()
  durations.sort((a, b) => a - b)
  const quantile = (share: number) => durations[Math.floor(durations.length * share)] ?? Number.NaN
  return { perSecond: durations.length / seconds, cpuMicroseconds, p50: quantile(0.5), p99: quantile(0.99) }
}
