/** What a client was told is asked of the service again: by the token endpoint, by introspection, and by the status list. */
import { introspectForm, refreshForm } from '../../../bench/accounts.ts'
import type { Connection } from '../../../bench/connection.ts'
import type { ReadStatusList } from '../../../bench/status-list.ts'
import type { Client, HeldAccessToken, HeldSession } from './client.ts'
import type { Ledger } from './ledger.ts'

type Lists = ReadonlyMap<string, ReadStatusList>

export interface Checks {
  check(client: Client, connection: Connection, lists: Lists): Promise<void>
  /** From now on, also what was found right before. */
  lookAtEverything(): void
}

export function createChecks(ledger: Ledger): Checks {
  /** Sessions and access tokens that were revoked and stayed so. */
  let settled = new WeakSet<object>()

  async function isActive(connection: Connection, { text }: HeldAccessToken): Promise<boolean> {
    const { body } = await connection.post('/oauth/introspect', introspectForm(text))
    return JSON.parse(body).active
  }

  async function checkRevokedToken(session: HeldSession, token: HeldAccessToken, connection: Connection, lists: Lists) {
    if (token.expiresAtMs <= Date.now()) return
    const of = `an access token of ${session.id} that was revoked`
    if (await isActive(connection, token)) ledger.violate(`${of} is active`)
    if (!lists.get(token.listId)?.isRevoked(token.index)) ledger.violate(`${of} is good by the status list`)
    settled.add(token)
  }

  /** What was not revoked works: otherwise a service that refuses everything would be without fault. */
  async function checkLiveToken(session: HeldSession, token: HeldAccessToken, connection: Connection, lists: Lists) {
    const isExpected = token.expiresAtMs > Date.now() + 5000
    if (isExpected && !(await isActive(connection, token)))
      ledger.violate(`an access token of ${session.id} is inactive`)
    if (lists.get(token.listId)?.isRevoked(token.index) !== false)
      ledger.violate(`an access token of ${session.id} is revoked by the status list`)
  }

  async function checkEnded(session: HeldSession, connection: Connection): Promise<void> {
    const { status, body } = await connection.post('/oauth/token', refreshForm(session.refreshToken))
    const isRefused = status === 400 && JSON.parse(body).error === 'invalid_grant'
    if (!isRefused) ledger.violate(`${session.id} was revoked, and its refresh answers ${status} ${body}`)
    settled.add(session)
  }

  return {
    lookAtEverything() {
      settled = new WeakSet()
    },
    async check(client, connection, lists) {
      for (const session of [...client.sessions()].filter(each => !client.isPending(each))) {
        for (const token of session.accessTokens)
          if (token.isRevoked && !settled.has(token)) await checkRevokedToken(session, token, connection, lists)
        const newest = session.accessTokens.at(-1)
        if (newest?.isRevoked === false) await checkLiveToken(session, newest, connection, lists)
        if (!session.isRevoked) await client.refresh(connection, session)
        else if (!settled.has(session)) await checkEnded(session, connection)
      }
    },
  }
}
