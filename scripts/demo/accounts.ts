/** The users of the demo and the client that the login page is, added by the command line. */
import { randomBytes } from 'node:crypto'

export interface Places {
  readonly issuer: string
  /** The origin of the login page and of the resource API, which is also the audience of its tokens. */
  readonly page: string
  readonly clientId: string
}

export interface DemoUser {
  readonly name: string
  readonly role: string
  readonly password: string
}

type Signet = (words: readonly string[], input?: string) => Promise<void>

const newPassword = (): string => randomBytes(18).toString('base64url')

export async function addAccounts(signet: Signet, { issuer, page, clientId }: Places): Promise<readonly DemoUser[]> {
  const users = [
    { name: 'alice', role: 'admin', password: newPassword() },
    { name: 'bob', role: 'user', password: newPassword() },
  ]
  await signet(['roles', 'add', 'admin', '--permission', 'posts:write', '--permission', 'stats:read'])
  await signet(['roles', 'add', 'user', '--permission', 'posts:read'])
  for (const { name, role, password } of users)
    await signet(['users', 'add', name, '--role', role, '--password-stdin'], password)
  await signet([
    ...['clients', 'add', clientId, '--public', '--grant', 'password', '--grant', 'refresh_token', '--scope', '*'],
    // The resource API first: that is whom the tokens are for, unless `resource` names the token service itself.
    ...['--audience', page, '--audience', issuer, '--origin', page],
  ])
  return users
}
