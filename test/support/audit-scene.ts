/** What the commands of the audit are asked about: alice, and what is done with her name from elsewhere. */
import type { Test } from 'tap'
import { testClock } from './clock.ts'
import { commandLine } from './command-line.ts'
import { addAlice, serve } from './serve.ts'

export interface Event {
  readonly [member: string]: string | number | null
}

export const MINUTE_MS = 60_000
export const from = (address: string) => ({ 'x-forwarded-for': address })
const behindProxy = { SIGNET_TRUST_PROXY: '127.0.0.1/32' }

/** `type outcome reason`. */
export const summary = (events: readonly Event[]): string[] =>
  events.map(({ type, outcome, reason }) => [type, outcome, reason].filter(part => part !== null).join(' '))

/** alice, and the commands that ask about her when the service has stopped, so that nothing is still to be written. */
export async function auditScene(t: Test) {
  const standing = testClock()
  // Events of one millisecond have no order.
  const clock = {
    advance: standing.advance,
    now() {
      standing.advance(1)
      return standing.now()
    },
  }
  const service = await serve(t, { clock, environment: behindProxy })
  const alice = await addAlice(service)
  const commands = await commandLine(t, service.environment, clock)
  const typed = (username: string, typedPassword: string, address: string) =>
    service.token(
      { grant_type: 'password', client_id: 'spa', username, password: typedPassword },
      { headers: { ...from(address), 'user-agent': 'a browser' } },
    )
  const list = (...words: readonly string[]): Promise<readonly Event[]> => commands.json(['audit', 'list', ...words])
  return { ...commands, clock, service, alice, typed, list }
}
