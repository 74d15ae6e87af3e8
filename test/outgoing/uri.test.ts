import t, { type Test } from 'tap'
import { fetchUriProblem } from '../../src/outgoing/uri.ts'

const PRIVATE = ['10.0.0.0/8', 'fd00::/8']

t.test('a URI to fetch from is https, with any port, path and query', async t => {
  for (const uri of [
    ...[
      'https://issuer.example',
      'https://issuer.example/keys?a=b',
      'https://issuer.example:8443/',
      'HTTPS://issuer.example/',
    ],
    ...['https://8.8.8.8/', 'https://[2600::1]:8443/', 'https://localhost.example/'],
  ])
    t.equal(fetchUriProblem(uri, []), undefined, uri)
})

function refuses(t: Test, problem: RegExp, uris: readonly string[], allowNetworks: readonly string[] = []) {
  for (const uri of uris) t.match(fetchUriProblem(uri, allowNetworks), problem, JSON.stringify(uri))
}

t.test('anything else is refused in a sentence', async t => {
  refuses(t, /^It must be an https URL\.$/, [
    ...['', 'issuer.example', '//issuer.example', 'https:issuer.example', 'https:/issuer.example', 'https://'],
    ...['ftp://issuer.example', 'file:///etc/passwd', 'data:application/json,{}', 'https://a.example\\@b.example/'],
    ...['https://iss\tuer.example', ' https://issuer.example', 'https://issuer.example/\n', 'https://issuer.example/ü'],
    ...['https://issuer.example:0x1/', 'https://issuer.example:65536/'],
  ])
  refuses(t, /no user name/, ['https://a@issuer.example/', 'https://:b@issuer.example/', 'https://a:b@issuer.example/'])
  refuses(t, /no fragment/, ['https://issuer.example/#', 'https://issuer.example/#a'])
})

t.test('plain http is for loopback hosts, and those that are allowed', async t => {
  const all = [
    'http://127.0.0.1/',
    'http://127.1.2.3:8080/',
    'http://[::1]/',
    'http://localhost/',
    'http://[::ffff:127.0.0.1]/',
  ]
  refuses(t, /plain http is for loopback hosts only/, all)
  refuses(t, /plain http is for loopback hosts only/, all, PRIVATE)
  for (const uri of all) t.equal(fetchUriProblem(uri, ['127.0.0.0/8', '::1/128']), undefined, uri)
  t.equal(fetchUriProblem('http://localhost/', ['::1/128']), undefined)
  const others = ['http://issuer.example/', 'http://10.0.0.1/', 'http://8.8.8.8/', 'http://localhost.example/']
  refuses(t, /plain http is for loopback hosts only/, others, [...PRIVATE, '127.0.0.0/8', '::1/128'])
})

t.test('an address that may not be reached is refused in every spelling', async t => {
  const addresses = [
    '10.0.0.1',
    '[fd00::1]',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::10.0.0.1]',
    '0xa.1',
    '167772161',
    '10.0.0.1.',
  ]
  const uris = addresses.map(address => `https://${address}/`)
  refuses(t, /address must be a public one.*SIGNET_ALLOW_NETWORKS/, [...uris, 'https://localhost/'])
  for (const uri of uris) t.equal(fetchUriProblem(uri, PRIVATE), undefined, uri)
  refuses(
    t,
    /address must be a public one/,
    ['https://169.254.169.254/', 'https://[fd00:ec2::254]/'],
    [...PRIVATE, '169.254.0.0/16'],
  )
})
