/** X-Forwarded-For as proxies write it: the address in the log is the one that everything else counts by and stores. */
import { networkInterfaces } from 'node:os'
import { type Test, test } from 'tap'
import { exchange } from '../support/raw-http.ts'
import { addAlice, password, type Service, secret, serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

const proxies = { SIGNET_TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8,fd00::/8,fe80::/10' }

/** The address that the log has of a request with these header lines. */
async function addressSeen(service: Service, lines: readonly string[]): Promise<string | null> {
  const headers = lines.map(line => `X-Forwarded-For: ${line}\r\n`).join('')
  const { headers: answer } = await exchange(
    service.issuer,
    `GET /none HTTP/1.1\r\nHost: signet.test\r\n${headers}\r\n`,
  )
  const line = () =>
    service
      .log()
      .split('\n')
      .find(text => text.includes(`"${answer['x-request-id']}"`))
  // It is written when the connection has taken the answer.
  while (line() === undefined) await new Promise(resolve => setImmediate(resolve))
  return JSON.parse(line() ?? '').address
}

async function sees(
  t: Test,
  service: Service,
  cases: readonly (readonly [string | readonly string[], string | null])[],
) {
  for (const [lines, address] of cases) {
    const list = typeof lines === 'string' ? [lines] : lines
    t.equal(await addressSeen(service, list), address, list.join(' | '))
  }
}

test('an address is read with a port, in brackets and in quotes, and has one spelling', async t => {
  const service = await serve(t, { environment: proxies })
  await sees(t, service, [
    ['203.0.113.7:56789', '203.0.113.7'],
    ['"203.0.113.7"', '203.0.113.7'],
    ['"203.0.113.7:56789"', '203.0.113.7'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['"[2001:db8::1]"', '2001:db8::1'],
    ['"[2001:DB8:0:0::0001]:443"', '2001:db8::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['[::FFFF:cb00:7107]:443', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8::1%eth0', '2001:db8::1'],
  ])
})

test('what names no address is none, and what stands before it is not taken in its place', async t => {
  const service = await serve(t, { environment: proxies })
  const none = [
    'unknown',
    'unix:',
    '""',
    '[]',
    '203.0.113.7:',
    '203.0.113.7:http',
    '203.0.113.7:1:2',
    '203.0.113.7:123456',
  ]
  const malformed = [
    '[203.0.113.7]:80',
    '[2001:db8::1',
    '2001:db8::1]',
    '[2001:db8::1]443',
    '0313.0.113.7',
    '203.0.113',
  ]
  for (const entry of [...none, ...malformed])
    await sees(t, service, [
      [entry, null],
      [`198.51.100.1, ${entry}`, null],
      [`198.51.100.1, ${entry}, 10.1.2.3:80`, null],
    ])
})

test('trusted hops are known by whatever spelling, and the last one that is not is the caller', async t => {
  const service = await serve(t, { environment: proxies })
  for (const hop of [
    '10.1.2.3',
    '10.1.2.3:443',
    '::ffff:10.1.2.3',
    '"[::ffff:a01:203]:80"',
    '[fd00::5]:443',
    'fe80::1%eth0',
  ])
    await sees(t, service, [
      [`198.51.100.1, 203.0.113.7:5, ${hop}`, '203.0.113.7'],
      [['198.51.100.1', '203.0.113.7:5', hop], '203.0.113.7'],
    ])
  await sees(t, service, [
    [',203.0.113.7 ,, 10.1.2.3,', '203.0.113.7'],
    ['198.51.100.1,\t203.0.113.7:5\t,\t10.1.2.3', '203.0.113.7'],
    ['10.1.2.3:5, 10.1.2.4:6', '10.1.2.3'],
    [['', '203.0.113.7'], '203.0.113.7'],
    ['', '127.0.0.1'],
  ])
})

test('a proxy is trusted in the spelling of IPv6 as well', async t => {
  const service = await serve(t, { environment: { SIGNET_TRUST_PROXY: '::ffff:127.0.0.0/104' } })
  await sees(t, service, [['198.51.100.1, 203.0.113.7', '203.0.113.7']])
})

const hasIpv6 = Object.values(networkInterfaces()).some(list => list?.some(({ family }) => family === 'IPv6'))

test('on a socket that takes both families an IPv4 caller has the IPv4 address', { skip: !hasIpv6 }, async t => {
  for (const environment of [{ SIGNET_HOST: '::' }, { SIGNET_HOST: '::', ...proxies }]) {
    const service = await serve(t, { environment })
    t.equal(await addressSeen(service, []), '127.0.0.1')
    await exchange(service.issuer, 'nonsense\r\n\r\n')
    t.match(service.log(), '"request_id":null,"status":400,"address":"127.0.0.1"')
  }
})

test('audit and sessions have the address in that spelling, and ports of one address are one caller', async t => {
  const service = await serve(t, { environment: proxies })
  await addAlice(service)
  const form = { grant_type: 'password', username: 'alice', password }
  const client = ['web-app', secret] as const
  for (const forwarded of ['[2001:DB8::1]:50001', '"2001:db8:0::1"'])
    t.equal((await service.token(form, { client, headers: { 'x-forwarded-for': forwarded } })).status, 200)
  const events = select(service.databaseFile, "select address from audit_events where type = 'user.sign_in'")
  const sessions = select(service.databaseFile, 'select address from sessions')
  t.same([...events, ...sessions], Array(4).fill({ address: '2001:db8::1' }))

  const guesses = async (from: (port: number) => string) => {
    for (let port = 1; port <= 21; port += 1) {
      const headers = { 'x-forwarded-for': from(port) }
      const { status } = await service.token(form, { client: ['web-app', `${secret}-${port}`], headers })
      if (status === 429) return port
    }
    return undefined
  }
  t.equal(await guesses(port => `203.0.113.7:${port}`), 21)
  t.equal((await service.token(form, { client, headers: { 'x-forwarded-for': '203.0.113.8:1' } })).status, 200)
})
