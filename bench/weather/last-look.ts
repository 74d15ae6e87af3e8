/** When the weather is fair again, everything that was ever acknowledged is asked for once more. */
import { resourceSecret } from '../forms.ts'
import type { Ask, Route } from './asking.ts'
import type { Oracle, Session } from './oracle.ts'

const AT_ONCE = 8

/** @returns how many sessions were looked at */
export async function lookAtEverything(oracle: Oracle, ask: Ask, route: Route): Promise<number> {
  oracle.forget()
  const sessions = [...oracle.sessions()]
  const left = sessions.values()

  async function lookAt(session: Session): Promise<void> {
    const form = { grant_type: 'refresh_token', client_id: 'bench', refresh_token: session.refreshToken }
    const told = { who: 'the last look', route }
    const refresh = await ask({ ...told, kind: 'refresh', path: '/oauth/token', form })
    if (refresh.status === 200) oracle.refreshed(session, refresh)
    else if (refresh.status === 400) oracle.refused(session, refresh, undefined, 0)
    for (const token of session.tokens.values()) {
      const asked = { client_id: 'resource', client_secret: resourceSecret, token: token.text }
      const answer = await ask({ ...told, kind: 'introspection', path: '/oauth/introspect', form: asked })
      if (answer.status === 200) oracle.introspected(session, token, answer)
    }
  }

  async function lookInTurn(): Promise<void> {
    for (const session of left) await lookAt(session)
  }

  await Promise.all(Array.from({ length: AT_ONCE }, lookInTurn))
  return sessions.length
}
