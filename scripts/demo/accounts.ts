/** The users of the demo, and the clients that the login page and its backend are, added by the command line. */
import { randomBytes } from 'node:crypto'

export interface Places {
  readonly issuer: string
  /** The origin of the management port, which has the API reference. */
  readonly management: string
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

/** One double click selects it, and a shell takes it as it is. */
const newPassword = (): string => randomBytes(10).toString('hex')

export const newClients = (): Clients => ({
  clientId: 'login-page',
  backendId: 'backend',
  backendSecret: randomBytes(32).toString('base64url'),
  role: 'user',
})

export const newUsers = ({ role }: Clients): readonly [DemoUser, DemoUser] => [
  { name: 'alice', role: 'admin', password: newPassword() },
  { name: 'bob', role, password: newPassword() },
]

/** The same page by the other name of this machine: to a browser it is another origin. */
export const byLocalName = (origin: string): string => origin.replace('127.0.0.1', 'localhost')

export async function addAccounts(
  signet: Signet,
  users: readonly DemoUser[],
  { clientId, backendId, backendSecret, role }: Clients,
  { issuer, management, page }: Places,
): Promise<void> {
  await signet(['roles', 'add', 'admin', '--permission', 'posts:write', '--permission', 'stats:read'])
  await signet(['roles', 'add', role, '--permission', 'posts:read'])
  for (const user of users)
    await signet(['users', 'add', user.name, '--role', user.role, '--password-stdin'], user.password)
  await signet([
    ...['clients', 'add', clientId, '--public', '--grant', 'password', '--grant', 'refresh_token', '--scope', '*'],
    // The resource API first: that is whom the tokens are for, unless `resource` names the token service itself.
    ...['--audience', page, '--audience', issuer],
    // The management port's own origin may use every client.
    ...[page, byLocalName(page), byLocalName(management)].flatMap(origin => ['--origin', origin]),
  ])
  // It acts only on users who have no role but this one.
  const rights = ['--scope', 'signet:users:read', '--scope', 'signet:users:write', '--may-grant', role]
  await signet(
    ['clients', 'add', backendId, '--grant', 'client_credentials', ...rights, '--audience', issuer, '--secret-stdin'],
    backendSecret,
  )
}
