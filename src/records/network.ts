/** Addresses that one subscriber can choose between. */
import { isIP, SocketAddress } from 'node:net'

/**
 * The network whose addresses one host may have: the IPv4 address itself, the /64 of an IPv6 address (RFC 4291 §2.5.1). What is
 * counted under it is felt by nobody else.
 *
 * @param address - as for networkOf
 */
export function hostNetworkOf(address: string): string {
  const canonical = canonicalAddress(address)
  return canonical?.includes(':') ? ipv6Network(canonical, 64) : (canonical ?? 'unknown')
}

/**
 * The network that an address is counted under: the /24 of an IPv4 address, the /48 of an IPv6 address, which is the
 * most that one subscriber is usually given (RFC 6177). An IPv4-mapped IPv6 address counts as the IPv4 address.
 *
 * @param address - as a socket reports it, with or without a zone; anything else counts as `unknown`
 */
export function networkOf(address: string): string {
  const canonical = canonicalAddress(address)
  if (canonical === undefined) return 'unknown'
  return canonical.includes(':') ? ipv6Network(canonical, 48) : ipv4Network(canonical)
}

/**
 * The one spelling of an address: of IPv6 that of RFC 5952, without the zone, which names a network card of this machine. An IPv4
 * address that came as an IPv6 one, as on a socket that takes both families, is the IPv4 address.
 *
 * @returns undefined when it is no address
 */
export function canonicalAddress(address: string): string | undefined {
  const version = isIP(address)
  if (version === 0) return undefined
  if (version === 4) return address
  const [withoutZone = ''] = address.split('%')
  const canonical = new SocketAddress({ address: withoutZone, family: 'ipv6' }).address
  return /^::ffff:([\d.]+)$/.exec(canonical)?.[1] ?? canonical
}

/** Of whoever is on this machine: RFC 1122 §3.2.1.3, RFC 4291 §2.5.3. @param canonical as canonicalAddress answers it */
export const isLoopbackAddress = (canonical: string): boolean => canonical.startsWith('127.') || canonical === '::1'

function ipv4Network(address: string): string {
  return `${address.slice(0, address.lastIndexOf('.'))}.0/24`
}

function ipv6Network(canonical: string, prefix: 48 | 64): string {
  const [head = '', tail] = canonical.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return `${groups.slice(0, prefix / 16).join(':')}::/${prefix}`
}
