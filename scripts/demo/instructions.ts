import type { Clients, DemoUser, Places } from './accounts.ts'

/** What the demo prints: for people first, then lines that a shell takes as they are. */
export function instructions(
  users: readonly DemoUser[],
  { clientId }: Clients,
  { issuer, page, backend }: Places,
): string {
  const bearer = '-H "Authorization: Bearer $(member access_token)"'
  const signIn = ({ name, password }: DemoUser) =>
    `TOKENS=$(curl -s ${issuer}/oauth/token -d grant_type=password -d client_id=${clientId} -d username=${name} -d password=${password})`
  const callAs = (user: DemoUser) => [
    signIn(user),
    `curl -s -w '\\n' ${page}/me ${bearer}`,
    `curl -s -w '\\n' ${page}/posts ${bearer} -H 'Content-Type: application/json' -d '{"title":"Hello from ${user.name}"}'`,
    `curl -s -w '\\n' ${page}/admin/stats ${bearer}`,
    `curl -s -o /dev/null -w '%{http_code}\\n' ${issuer}/oauth/revoke -d client_id=${clientId} -d token="$(member refresh_token)"`,
  ]
  return [
    `The login page and the resource API: ${page}`,
    `The token service:                   ${issuer}`,
    `The mails that are sent:             ${backend}/mails`,
    '',
    ...users.map(({ name, role, password }) => `${name}, ${role}, has the password ${password}`),
    '',
    'On the page: sign in; or sign up with a mail address that nobody needs to have, read the mail, follow its link and set a password.',
    'Whoever signed up may also forget the password: the next mail has a link for another one.',
    '',
    'With curl, in another terminal: sign in, see the claims, write a post, read the statistics, sign out. Only alice may do it all.',
    '',
    `member() { printf '%s' "$TOKENS" | node -p "JSON.parse(fs.readFileSync(0)).$1"; }`,
    ...users.flatMap(callAs),
    '',
    'After the revocation the resource API refuses the access token within ten seconds.',
    'Ctrl-C stops all services and removes what they stored.',
  ].join('\n')
}
