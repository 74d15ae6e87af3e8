/** How long what people and operators do takes beside a service, in a process of its own, as commands are. */
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Provenance } from '../../src/records/audit-event.ts'
import { signInForm } from '../accounts.ts'
import { openConnection } from '../connection.ts'
import type { Environment } from '../service.ts'
import { REVOKED_CLIENT } from './seed.ts'

const byBenchmark: Provenance = { actor: 'operator:bench', address: null, userAgent: null, requestId: null }
const SIGN_INS = 11

/** In milliseconds. */
export interface Acts {
  /** The median. */
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

async function signInTime(port: number): Promise<number> {
  const connection = await openConnection(port)
  const times: number[] = []
  for (let index = 0; index < SIGN_INS; index += 1)
    times.push(
      await timed(async () => {
        const { status, body } = await connection.post('/oauth/token', signInForm())
        if (status !== 200) throw new Error(`no sign-in: ${body}`)
      }),
    )
  connection.close()
  return times.toSorted((a, b) => a - b)[Math.floor(SIGN_INS / 2)] ?? Number.NaN
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
    // The first look reads pages that nobody has asked for; what grows with the table shows in the second, too.
    const list = async (filter: { subjectId?: string; clientId?: string }) => {
      await sessions.list(filter)
      return timed(() => sessions.list(filter))
    }
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
