/** Every list and show of a database that has all there can be, with the longest names: what fits 80 columns, and what --wide has. */
import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import { auditEventTypes } from '../../src/records/audit-event.ts'
import { auditScene, MINUTE_MS } from '../support/audit-scene.ts'
import { byTest, password, type Service } from '../support/serve.ts'
import { changeEach } from '../support/sqlite.ts'

const WIDTH = 80
const username = `${'n'.repeat(60)} ${'名'.repeat(67)}`
/** Of the client, the issuer and a role. */
const longest = 'i'.repeat(64)
const permissions = Array.from({ length: 30 }, (_, at) => `resource-${at}:write`)
const roles = [longest, ...Array.from({ length: 5 }, (_, at) => `role-${at}`)]
const url = (letter: string) => `https://${letter.repeat(60)}.example.com/${letter.repeat(60)}`
const address = '2001:db8:85a3:1234:5678:8a2e:370:7334'
const reason = 'the laptop that had the whole folder was stolen from a train'

/** As a terminal shows them: those of CJK take two columns. */
const widthOf = (line: string): number => line.length + (line.match(/名/g) ?? []).length

const issuerKeys = () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k'.repeat(43), alg: 'ES256' }] })
}

/** One event of each type, and everything that an event may have. */
function writeEvents({ databaseFile }: Service, nowMs: number, userId: string, clientId: string): void {
  const whose = [`user:${userId}`, userId, clientId, `session_${'0'.repeat(32)}`, 't'.repeat(66), address]
  changeEach(
    databaseFile,
    `insert into audit_events
     (id, type, occurred_at_ms, outcome, reason, actor, user_id, client_id, session_id, target, address, user_agent, count)
     values (?, ?, ?, 'failure', 'a reason in many words', ?, ?, ?, ?, ?, ?, ?, 12)`,
    auditEventTypes.map((type, at) => [`event_zz${at}`, type, nowMs, ...whose, 'u'.repeat(200)]),
  )
}

async function everything(t: Test) {
  const { service, clock, json, text, typed } = await auditScene(t)
  const made = (line: string, ...more: readonly string[]) => json([...line.split(' '), ...more])
  for (const name of roles)
    await made(`roles add ${name} ${permissions.map(permission => `--permission ${permission}`).join(' ')}`)
  await service.users.add({ username, password, roles }, byTest)
  const grants = ['password', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange']
  const settings = `--scope * --audience ${url('a')} --audience ${url('b')} --grants-per-minute 600/10`
  await made(`clients add ${longest} ${settings} --grant ${grants.join(' --grant ')} --forwards-address x-remote`)
  await made(`clients add-secret ${longest} --expires 90d --name`, 's'.repeat(64))
  await json(`issuers add ${longest} --issuer ${url('i')} --jwks -`.split(' '), issuerKeys())
  await made(`clients add-trust ${longest} --issuer ${longest} --claim sub=${'c'.repeat(200)}`)
  await made(`clients add-key ${longest} --jwks-uri ${url('k')}`)
  for (const owner of [`--client ${longest}`, '--user'])
    await made(
      `api-keys create --name ${'k'.repeat(64)} --scope resource-1:write ${owner}`,
      ...(owner === '--user' ? [username] : []),
    )
  await typed(username, password, address)
  await typed(username, 'a wrong password 1', address)
  await typed('nobody', 'a wrong password 1', address)
  await made('keys rotate')
  clock.advance(25 * 60 * MINUTE_MS)
  await service.tick()
  const [{ kid }] = await made('keys list')
  await made(`keys revoke ${kid} --reason`, reason)
  await service.stop()
  const { user_id: userId } = await made('users show', username)
  const client = await made(`clients show ${longest}`)
  writeEvents(service, clock.now(), userId, client.id)
  const [[{ api_key_id: apiKeyId }], [{ id: sessionId }]] = [
    await made(`api-keys list --client ${longest}`),
    await made('sessions list'),
  ]
  return { text, userId, client, kid, apiKeyId, sessionId }
}

t.test('no line of a list or of a show is wider than 80 columns, and --wide has all in whole', async t => {
  const { text, userId, client, kid, apiKeyId, sessionId } = await everything(t)
  const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`
  const lists: Readonly<Record<string, readonly (readonly string[])[]>> = {
    'users list': [
      ['NAME', 'ID', 'STATUS', 'ROLES', 'CREATED'],
      [username, userId, 'active', roles.toSorted().join(', '), time],
    ],
    'roles list': [
      ['NAME', 'PERMISSIONS'],
      [longest, permissions.join(' ')],
    ],
    'clients list': [
      ['ID', 'STATUS', 'TYPE', 'GRANTS', 'CREATED'],
      [longest, 'active', 'confidential', 'password, refresh_token, .*grant-type:token-exchange', time],
    ],
    'issuers list': [
      ['NAME', 'ISSUER', 'SPIFFE', 'KEYS FROM', 'LIFETIME', 'CREATED'],
      [longest, url('i'), 'jwks', '1h', time],
    ],
    'api-keys list': [
      ['ID', 'NAME', 'OWNER', 'STATUS', 'SCOPE', 'AUDIENCES', 'EXPIRES', 'LAST USED', 'FROM'],
      [apiKeyId, 'k{64}', longest, 'active', 'resource-1:write', '.any of the exchanging client.', time, 'never'],
    ],
    'sessions list': [
      ['ID', 'USER', 'CLIENT', 'CREATED', 'LAST USED', 'ADDRESS', 'FORWARDED BY', 'USER AGENT'],
      [sessionId, username, 'spa', time, time, address, 'a browser'],
    ],
    'keys list': [
      ['KID', 'STATE', 'SINCE', 'CAUSE', 'WHEN'],
      [kid, 'revoked', time, reason, time],
    ],
    'audit key': [
      ['PUBLIC KEY', 'SEALS', 'CREATED', 'STATE'],
      ['ed25519:\\S{43}', 'from 1', time, 'signs'],
    ],
    'audit list': [
      [
        time,
        'FAILED',
        'user.sign_in',
        'unknown_user',
        'name=unknown:[\\w-]{12}',
        'client=spa',
        `from=${address}`,
        '"a browser"',
      ],
    ],
    'audit tail -n 1000': auditEventTypes.map(type => [
      ...[
        time,
        'FAILED',
        type,
        'a reason in many words',
        `user=${username}`,
        `client=${longest}`,
        'session=session_0{32}',
      ],
      ...['target=t{66}', `from=${address}`, `by=user:${username}`, '"u{40}"', 'x12'],
    ]),
    config: [['VARIABLE', 'VALUE', 'SOURCE']],
  }
  const shows = [...['roles', 'clients', 'issuers'].map(noun => [noun, 'show', longest]), ['users', 'show', username]]
  for (const words of [...Object.keys(lists).map(list => list.split(' ')), ...shows, ['api-keys', 'show', apiKeyId]]) {
    const title = words.slice(0, 2).join(' ')
    const shown = await text(words)
    t.same(
      shown.split('\n').filter(line => widthOf(line) > WIDTH),
      [],
      `${title} fits`,
    )
    t.notMatch(shown, /\u001b| $/m, `${title} has neither colours nor spaces at an end`)
  }
  for (const [list, rows] of Object.entries(lists)) {
    const wide = await text([...list.split(' '), '--wide'])
    for (const cells of rows) t.match(wide, new RegExp(`^${cells.join(' +')}$`, 'm'), `${list}: ${cells[2]}`)
  }

  const needed = {
    roles: longest,
    clients: longest,
    issuers: longest,
    'api-keys': apiKeyId,
    sessions: sessionId,
    keys: kid,
  }
  for (const [noun, id] of Object.entries(needed))
    t.match(
      await text([noun, 'list']),
      new RegExp(`^${id}(?=\\s)`, 'm'),
      `${noun}: what the next command needs is whole`,
    )
  const shown = await text(['clients', 'show', longest])
  for (const { id } of [...client.secrets, ...client.keys, ...client.trusts]) t.match(shown, id)
})
