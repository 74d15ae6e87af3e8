/** Which addresses a request may go to: IANA's special-purpose registries (RFC 6890), and what the operator allows. */
import { BlockList, isIP, isIPv4 } from 'node:net'

/** RFC 1122 §3.2.1.3, RFC 4291 §2.5.3. */
const LOOPBACK = ['127.0.0.0/8', '::1/128']

/** Of this machine, this site or this provider (RFC 1918, 4193, 6598): anybody's name may lead here, so the operator has to allow it. */
const LOCAL = [...LOOPBACK, '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', '100.64.0.0/10']

/** Of IPv6 all unicast that the world can reach is in here (IANA, IPv6 Address Space). The rest of NEVER is within it. */
const GLOBAL_IPV6 = ['2000::/3']

/**
 * The other rows of the registries: iana-ipv4-special-registry and iana-ipv6-special-registry. A few of them count as globally reachable
 * (such as 192.0.0.9 and 2001:3::/32): anycast of one protocol each, which the nearest router answers, and identifiers. No document
 * is there.
 */
const SPECIAL = [
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24'],
  ...['192.88.99.0/24', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4'],
  // Multicast is in a registry of its own.
  '224.0.0.0/4',
  ...['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'],
]

/** Where clouds give credentials to whoever asks from the machine: those that are not link-local, which SPECIAL has. */
const METADATA = [
  // Azure: learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
  '168.63.129.16/32',
  // Alibaba: alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata, and of IPv6 cloud-init
  ...['100.100.100.200/32', 'fd00:100::100:200/128'],
  // Oracle Compute Classic (within 192.0.0.0/24, which is refused as a whole), and the SDK of its cloud: instance_principals_…_signer.py
  ...['192.0.0.192/32', 'fd00:c1::a9fe:a9fe/128'],
  // AWS: docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html, and …/eks/latest/userguide/pod-id-agent-setup.html
  ...['fd00:ec2::254/128', 'fd00:ec2::23/128'],
  // Google: docs.cloud.google.com/compute/docs/metadata/querying-metadata
  'fd20:ce::254/128',
  // Scaleway: docs.cloud-init.io, datasources. Akamai: techdocs.akamai.com/cloud-computing/docs/metadata-service-api
  ...['fd00:42::42/128', 'fd00:a9fe:a9fe::1/128'],
]

/**
 * Whether a request may go to this address. Pure.
 *
 * @param address as a resolver or a URL has it; with a zone it is link-local, and refused like anything that is no address
 * @param allowNetworks CIDR, with a length: of loopback, private and shared addresses those within may be reached
 */
export function mayReach(address: string, allowNetworks: readonly string[]): boolean {
  const plain = unwrapped(address)
  if (plain === undefined || isWithin(plain, SPECIAL) || isWithin(plain, METADATA)) return false
  if (isWithin(plain, LOCAL)) return isWithin(plain, allowNetworks)
  return isIPv4(plain) || isWithin(plain, GLOBAL_IPV6)
}

export function isLoopback(address: string): boolean {
  const plain = unwrapped(address)
  return plain !== undefined && isWithin(plain, LOOPBACK)
}

/** What IPv4-mapped addresses (RFC 4291 §2.5.5.2) and those of NAT64 (RFC 6052 §2.1) begin with, before 32 bits of IPv4. */
const AROUND_IPV4 = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0']

/** The IPv4 address within an IPv6 one, where a packet ends up there. Undefined for what is no address. */
function unwrapped(address: string): string | undefined {
  if (isIP(address) === 0 || address.includes('%')) return undefined
  if (isIPv4(address)) return address
  // A URL has no dotted part in its IPv6 addresses.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const [before, after] = [head, tail ?? ''].map(half => (half === '' ? [] : half.split(':')))
  const zeros = Array.from({ length: 8 - (before?.length ?? 0) - (after?.length ?? 0) }, () => '0')
  const groups = [...(before ?? []), ...zeros, ...(after ?? [])]
  if (!AROUND_IPV4.includes(groups.slice(0, 6).join(':'))) return address
  return groups
    .slice(6)
    .flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join('.')
}

const familyOf = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6')

function isWithin(address: string, networks: readonly string[]): boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [start = '', length] = network.split('/')
    // A list takes IPv4 addresses for members of IPv6 networks such as ::/8, too.
    if (familyOf(start) === familyOf(address)) list.addSubnet(start, Number(length), familyOf(start))
  }
  return list.check(address, familyOf(address))
}
