import t from 'tap'
import { turnOfNetwork, turnOfSignIn } from '../../src/passwords/turn.ts'

const from = { actor: 'client', address: null, userAgent: null, requestId: null }

t.test('a confidential client has one turn, wherever its users are, and a public one has none of its own', async t => {
  const turnOf = (isConfidential: boolean, address: string) =>
    turnOfSignIn({ clientId: 'client_1', isConfidential, provenance: { ...from, address } }).key
  t.equal(turnOf(true, '203.0.113.7'), turnOf(true, '198.51.100.7'))
  t.equal(turnOf(false, '203.0.113.7'), turnOfNetwork({ ...from, address: '203.0.113.250' }).key)
  t.not(turnOf(false, '203.0.113.7'), turnOf(false, '198.51.100.7'))
})

t.test('addresses that one subscriber can choose between share a turn', async t => {
  for (const [address, network] of [
    ['203.0.113.7', '203.0.113.0/24'],
    ['203.0.113.250', '203.0.113.0/24'],
    ['203.0.114.7', '203.0.114.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['0:0:0:0:0:FFFF:cb00:7107', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1::/48'],
    ['2001:db8:1:3::9', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['1:0:0:2:0:0:0:3', '1:0:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['', 'unknown'],
    ['203.0.113', 'unknown'],
    ['not an address', 'unknown'],
  ] as const) {
    t.equal(turnOfNetwork({ ...from, address }).key, network, address)
  }
})
