/** How long what people and operators do takes beside a service, in a process of its own, as commands are. */
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Provenance } from '../../src/records/audit-event.ts'
import { signInForm } from '../accounts.ts'
import { openConnection } from '../connection.ts'
import type { Environment } from '../service.ts'
import { REVOKED_CLIENT } from './seed.ts'

const byBenchmark: Provenance = { actor: 'operator:bench', address: null, userAgent: null, requestId: null }
const RUNS = 11

/** In milliseconds, the least of several runs, but for what can be done only once. */
export interface Acts {
  readonly signIn: number
  readonly sessionsList: number
  readonly sessionsListOfUser: number
  readonly sessionsListOfClient: number
  /** For 1,000 sessions. */
  readonly sessionsRevoke: number
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await act()
  return performance.now() - begin
}

/** What else runs on the machine makes it longer, never shorter. */
async function leastOf(runs: number, act: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < runs; run += 1) times.push(await timed(act))
  return Math.min(...times)
}

async function signInTime(port: number): Promise<number> {
  const connection = await openConnection(port)
  const time = await leastOf(RUNS, async () => {
    const { status, body } = await connection.post('/oauth/token', signInForm())
    if (status !== 200) throw new Error(`no sign-in: ${body}`)
  })
  connection.close()
  return time
}

/** The first round on a database in which nobody has cleaned up, before its service starts. In milliseconds. */
export async function measureJanitorRound(environment: Environment): Promise<number> {
  const swept = Promise.withResolvers<void>()
  const logTo = { write: (line: string) => void (line.includes('"msg":"swept"') && swept.resolve()) }
  const container = createContainer(readConfig(environment), { logTo })
  try {
    const janitor = await container.janitor()
    const time = await timed(() => {
      janitor.start()
      return swept.promise
    })
    await janitor.stop()
    return time
  } finally {
    await container.close()
  }
}

/** @param port of the service, which runs on the same database */
export async function measureActs(environment: Environment, port: number): Promise<Acts> {
  const signIn = await signInTime(port)
  const container = createContainer(readConfig(environment), { logTo: { write: () => undefined } })
  try {
    const sessions = await container.sessionManagement()
    const list = (filter: { subjectId?: string; clientId?: string }) => leastOf(RUNS, () => sessions.list(filter))
    const sessionsList = await list({})
    const sessionsListOfUser = await list({ subjectId: `user_${'1'.padStart(32, '0')}` })
    const sessionsListOfClient = await list({ clientId: 'seeded_1' })
    let revoked = 0
    const revokeTime = await timed(async () => {
      revoked = await sessions.end({ clientId: REVOKED_CLIENT }, 'revoked_by_operator', byBenchmark)
    })
    const sessionsRevoke = (revokeTime / revoked) * 1000
    return { signIn, sessionsList, sessionsListOfUser, sessionsListOfClient, sessionsRevoke }
  } finally {
    await container.close()
  }
}
