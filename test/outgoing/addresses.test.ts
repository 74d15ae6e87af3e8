/** Which addresses a request may go to: each row of IANA's registries of addresses for a special purpose, and what is beside it. */
import t from 'tap'
import { mayReach } from '../../src/outgoing/addresses.ts'

const EVERYTHING = ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1']

/** The first address of a network and the last, and what lies before and behind it where that is public. */
type Row = readonly [first: string, last: string, before?: string | undefined, behind?: string]

const special: readonly Row[] = [
  // iana-ipv4-special-registry
  ['0.0.0.0', '0.255.255.255', undefined, '1.0.0.0'],
  ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['192.0.0.0', '192.0.0.7'],
  ['192.0.0.8', '192.0.0.8'],
  ['192.0.0.9', '192.0.0.10'],
  ['192.0.0.170', '192.0.0.171'],
  ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['192.31.196.0', '192.31.196.255', '192.31.195.255', '192.31.197.0'],
  ['192.52.193.0', '192.52.193.255', '192.52.192.255', '192.52.194.0'],
  ['192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['192.175.48.0', '192.175.48.255', '192.175.47.255', '192.175.49.0'],
  ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['240.0.0.0', '255.255.255.254'],
  ['255.255.255.255', '255.255.255.255'],
  // Multicast
  ['224.0.0.0', '239.255.255.255', '223.255.255.255'],
  // iana-ipv6-special-registry
  ['::', '::'],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100::ffff:ffff:ffff:ffff'],
  ['100:0:0:1::', '100:0:0:1:ffff:ffff:ffff:ffff'],
  ['2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:1::1', '2001:1::3'],
  ['2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff'],
  ['2001:3::', '2001:3:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:4:112::', '2001:4:112:ffff:ffff:ffff:ffff:ffff'],
  ['2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:20::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001:30::', '2001:3f:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:200::'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db7:ffff::', '2001:db9::'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:ffff:ffff::', '2003::'],
  ['2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff', '2620:4f:7fff:ffff::', '2620:4f:8001::'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3ffe:ffff::', '3fff:1000::'],
  ['5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  // Site-local (RFC 3879), multicast, and what is given to nobody
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['::2', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', undefined, '2000::'],
  ['4000::', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
]

t.test('what is special is never reached, whatever is allowed, and what lies beside it is', async t => {
  for (const [first, last, ...beside] of special) {
    for (const address of [first, last]) t.notOk(mayReach(address, EVERYTHING), address)
    for (const address of beside.filter(each => each !== undefined)) t.ok(mayReach(address, []), `beside: ${address}`)
  }
})

/** With the network that has to be allowed. */
const local: readonly (readonly [network: string, ...Row])[] = [
  ['127.0.0.0/8', '127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['10.0.0.0/8', '10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  ['172.16.0.0/12', '172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['192.168.0.0/16', '192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['100.64.0.0/10', '100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
  ['::1/128', '::1', '::1'],
  ['fc00::/7', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
]

t.test('loopback, private and shared addresses are reached when a network that holds them is allowed', async t => {
  for (const [network, first, last, ...beside] of local) {
    const others = local.map(([other]) => other).filter(other => other !== network)
    for (const address of [first, last]) {
      t.notOk(mayReach(address, []), address)
      t.notOk(mayReach(address, others), `${address}, and others are allowed`)
      t.ok(mayReach(address, [network]), `${address} in ${network}`)
      t.ok(mayReach(address, [...others, network]), `${address} in one of several`)
    }
    for (const address of beside.filter(each => each !== undefined)) t.ok(mayReach(address, []), `beside: ${address}`)
  }
  t.ok(mayReach('10.20.255.255', ['10.20.0.0/16']))
  t.notOk(mayReach('10.21.0.0', ['10.20.0.0/16']), 'beside what is allowed')
  t.notOk(mayReach('10.0.0.1', ['::/1']), 'a network of IPv6 holds no IPv4 address')
})

t.test('the metadata services of clouds are never reached', async t => {
  const metadata = [
    ...['169.254.169.254', '168.63.129.16', '100.100.100.200', '192.0.0.192', '::ffff:168.63.129.16'],
    ...[
      'fd00:ec2::254',
      'fd00:ec2:0:0:0::254',
      'fd00:ec2::23',
      'fd20:ce::254',
      'fd00:c1::a9fe:a9fe',
      'fe80::a9fe:a9fe',
    ],
    ...['fd00:42::42', 'fd00:a9fe:a9fe::1', 'fd00:100::100:200'],
  ]
  for (const address of metadata) {
    t.notOk(mayReach(address, EVERYTHING), address)
    t.notOk(mayReach(address, [`${address}/${address.includes(':') ? 128 : 32}`]), `${address} by its name`)
  }
  for (const address of ['168.63.129.15', '168.63.129.17']) t.ok(mayReach(address, []), address)
  t.ok(mayReach('fd00:ec2::253', ['fd00:ec2::/32']))
})

t.test('an IPv4 address within an IPv6 one is judged as IPv4', async t => {
  const wrapped = (address: string) => {
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
    const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
    return [
      `::ffff:${address}`,
      `::FFFF:${hex}`,
      `0:0:0:0:0:ffff:${hex}`,
      `64:ff9b::${address}`,
      `64:ff9b:0:0:0:0:${hex}`,
    ]
  }
  for (const address of ['8.8.8.8', '1.0.0.0', '93.184.0.0']) {
    for (const each of wrapped(address)) t.ok(mayReach(each, []), each)
  }
  for (const address of ['127.0.0.1', '10.0.0.0', '100.64.0.1'])
    for (const each of wrapped(address)) {
      t.notOk(mayReach(each, []), each)
      t.notOk(mayReach(each, ['::/1']), `${each}, and IPv6 is allowed`)
      t.ok(mayReach(each, ['10.0.0.0/8', '127.0.0.0/8', '100.64.0.0/10']), `${each} is allowed`)
    }
  for (const address of ['0.0.0.0', '169.254.169.254', '224.0.0.1', '192.0.2.1', '255.255.255.255'])
    for (const each of wrapped(address)) t.notOk(mayReach(each, EVERYTHING), each)
  // IPv4-compatible, 6to4 and translated ones lead nowhere.
  for (const each of ['::8.8.8.8', '2002:808:808::', '::ffff:0:8.8.8.8', '64:ff9b:1::8.8.8.8', '64:ff9b::1:8.8.8.8'])
    t.notOk(mayReach(each, EVERYTHING), each)
})

t.test('what is no address is not reached', async t => {
  for (const text of [
    '',
    'localhost',
    '8.8.8',
    '8.8.8.8:443',
    '[2600::]',
    '2600::%eth0',
    'fd00::1%1',
    '08.8.8.8',
    '1.2.3.4/32',
  ])
    t.notOk(mayReach(text, EVERYTHING), text)
  t.ok(mayReach('2600::', []))
})
