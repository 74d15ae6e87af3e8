import { byLocalName, type Clients, type DemoUser, type Places } from './accounts.ts'

/** What the sign-in form of the demo tells people. */
export const hintFor = (users: readonly DemoUser[], backend: string): string =>
  [
    'This is a demo. Sign in as:',
    ...users.map(({ name, role, password }) => `${name} (${role}), password ${password}`),
    `Mails that are sent: ${backend}/mails`,
  ].join('\n')

const linesAs = ({ name, password }: DemoUser): readonly string[] => [
  `sign_in ${name} ${password}`,
  'call $API/me',
  `post 'Hello from ${name}'`,
  'call $API/admin/stats',
  'sign_out',
]

/** What the lines use. */
const shellFunctions = ({ clientId }: Clients, { issuer, page }: Places): readonly string[] => [
  `SIGNET=${issuer} API=${page}`,
  'sign_in() {',
  '  TOKENS=$(curl -s $SIGNET/oauth/token -d grant_type=password \\',
  `    -d client_id=${clientId} -d username=$1 -d password=$2)`,
  '}',
  'member() {',
  `  printf '%s' "$TOKENS" | node -p "JSON.parse(fs.readFileSync(0)).$1"`,
  '}',
  'call() {',
  `  curl -s -w '\\n' -H "Authorization: Bearer $(member access_token)" "$@"`,
  '}',
  'post() {',
  `  call $API/posts -H 'Content-Type: application/json' -d "{\\"title\\":\\"$1\\"}"`,
  '}',
  'sign_out() {',
  "  curl -s -o /dev/null -w '%{http_code}\\n' $SIGNET/oauth/revoke \\",
  `    -d client_id=${clientId} -d token="$(member refresh_token)"`,
  '}',
]

/** What the demo prints, 80 columns wide: for people first, then lines that a shell takes as they are. */
export function instructions(users: readonly [DemoUser, DemoUser], clients: Clients, places: Places): string {
  const { issuer, management, page, backend } = places
  const [first, second] = users
  return [
    `Login page and resource API:  ${page}`,
    `                              ${byLocalName(page)}`,
    `Token service:                ${issuer}`,
    `API reference:                ${management}/docs`,
    `Mails that are sent:          ${backend}/mails`,
    '',
    ...users.map(({ name, role, password }) => `${name} (${role}), password ${password}`),
    '',
    'On the page, sign in as one of them. Or sign up with any mail address, open',
    'the mails, and follow the link. "Forgot your password?" sends another link to',
    'whoever signed up.',
    '',
    'With curl, in another terminal: sign in, see the claims, write a post, read the',
    'statistics, sign out.',
    '',
    ...shellFunctions(clients, places),
    ...linesAs(first),
    '',
    `As ${second.name}, who may neither post nor read the statistics:`,
    '',
    ...linesAs(second),
    '',
    'Within ten seconds of signing out, the resource API refuses the access token.',
    'Ctrl-C stops all services and removes what they stored.',
  ].join('\n')
}
