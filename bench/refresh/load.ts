/** Chains of requests, one after the other over a connection of its own: of refreshes, each following its own rotation, or of others. */
import { refreshForm, signInForm } from '../accounts.ts'
import { openConnection } from '../connection.ts'

/** Until the compiler of the runtime has seen what is hot. */
const WARM_UP_SECONDS = 30

interface Measured {
  readonly perSecond: number
  /** Processor time of the service for each. */
  readonly cpuMicroseconds: number
  readonly p50: number
  readonly p99: number
}

/** One after the other. */
export interface Chain {
  next(): Promise<unknown>
  close(): void
}

/** A user signs in, and then refreshes. */
export async function refreshChain(port: number): Promise<Chain> {
  const connection = await openConnection(port)
  let current = memberOf((await connection.post('/oauth/token', signInForm())).body, 'refresh_token')
  return {
    async next() {
      current = memberOf((await connection.post('/oauth/token', refreshForm(current))).body, 'refresh_token')
    },
    close: connection.close,
  }
}

/** The same form again and again. */
export const formChain =
  (form: string) =>
  async (port: number): Promise<Chain> => {
    const connection = await openConnection(port)
    const next = async () => memberOf((await connection.post('/oauth/token', form)).body, 'access_token')
    await next()
    return { next, close: connection.close }
  }

function memberOf(body: string, name: 'refresh_token' | 'access_token'): string {
  const token = JSON.parse(body)[name]
  if (typeof token !== 'string') throw new Error(`no ${name}: ${body}`)
  return token
}

/** Lets every chain go on until the time is over. */
export async function measure(options: {
  readonly port: number
  readonly chains: number
  readonly seconds: number
  /** Of refreshes when not given. */
  readonly chain?: (port: number) => Promise<Chain>
  readonly warmUpSeconds?: number
  /** What the service has used until now, in microseconds. */
  readonly cpuTime: () => number
}): Promise<Measured> {
  const { port, chains, seconds, chain = refreshChain, warmUpSeconds = WARM_UP_SECONDS, cpuTime } = options
  const running: Chain[] = []
  for (let index = 0; index < chains; index += 1) running.push(await chain(port))
  const durations: number[] = []
  const begin = performance.now() + warmUpSeconds * 1000
  const end = begin + seconds * 1000
  let cpuBefore = 0
  setTimeout(() => {
    cpuBefore = cpuTime()
  }, warmUpSeconds * 1000)
  await Promise.all(
    running.map(async ({ next }) => {
      for (let sent = performance.now(); sent < end; ) {
        await next()
        const now = performance.now()
        if (sent >= begin && now < end) durations.push(now - sent)
        sent = now
      }
    }),
  )
  const cpuMicroseconds = (cpuTime() - cpuBefore) / durations.length
  for (const { close } of running) close()
  durations.sort((a, b) => a - b)
  const quantile = (share: number) => durations[Math.floor(durations.length * share)] ?? Number.NaN
  return { perSecond: durations.length / seconds, cpuMicroseconds, p50: quantile(0.5), p99: quantile(0.99) }
}
