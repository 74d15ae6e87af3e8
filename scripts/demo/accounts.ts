/** The users of the demo, and the clients that the login page and its backend are, added by the command line. */
import { randomBytes } from 'node:crypto'

export interface Places {
  readonly issuer: string
  /** The origin of the login page and of the resource API, which is also the audience of its tokens. */
  readonly page: string
  /** The origin of the backend for sign-ups. */
  readonly backend: string
}

export interface Clients {
  /** The page. */
  readonly clientId: string
  readonly backendId: string
  readonly backendSecret: string
  /** What the backend gives to people who sign up. */
  readonly role: string
}

export interface DemoUser {
  readonly name: string
  readonly role: string
  readonly password: string
}

type Signet = (words: readonly string[], input?: string) => Promise<void>

const newPassword = (): string => randomBytes(18).toString('base64url')

export const newClients = (): Clients => ({
  clientId: 'login-page',
  backendId: 'backend',
  backendSecret: randomBytes(32).toString('base64url'),
  role: 'user',
})

export async function addAccounts(
  signet: Signet,
  { clientId, backendId, backendSecret, role }: Clients,
  { issuer, page }: Places,
): Promise<readonly DemoUser[]> {
  const users = [
    { name: 'alice', role: 'admin', password: newPassword() },
    { name: 'bob', role, password: newPassword() },
  ]
  await signet(['roles', 'add', 'admin', '--permission', 'posts:write', '--permission', 'stats:read'])
  await signet(['roles', 'add', role, '--permission', 'posts:read'])
  for (const { name, role, password } of users)
    await signet(['users', 'add', name, '--role', role, '--password-stdin'], password)
  await signet([
    ...['clients', 'add', clientId, '--public', '--grant', 'password', '--grant', 'refresh_token', '--scope', '*'],
    // The resource API first: that is whom the tokens are for, unless `resource` names the token service itself.
    ...['--audience', page, '--audience', issuer, '--origin', page],
  ])
  // It acts only on users who have no role but this one.
  const rights = ['--scope', 'signet:users:read', '--scope', 'signet:users:write', '--may-grant', role]
  await signet(
    ['clients', 'add', backendId, '--grant', 'client_credentials', ...rights, '--audience', issuer, '--secret-stdin'],
    backendSecret,
  )
  return users
}
