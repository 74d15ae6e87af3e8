/** Addresses that one subscriber can choose between. */
import { isIP, SocketAddress } from 'node:net'

/**
 * The network that an address is counted under: the /24 of an IPv4 address, the /48 of an IPv6 address, which is the
 * most that one subscriber is usually given (RFC 6177). An IPv4-mapped IPv6 address counts as the IPv4 address.
 *
 * @param address - as a socket reports it, with or without a zone; anything else counts as `unknown`
 */
export function networkOf(address: string): string {
  const version = isIP(address)
  if (version === 0) return 'unknown'
  if (version === 4) return ipv4Network(address)
  const [withoutZone = ''] = address.split('%')
  // Node writes every spelling of an IPv6 address in the one form of RFC 5952.
  const canonical = new SocketAddress({ address: withoutZone, family: 'ipv6' }).address
  const mapped = /^::ffff:([\d.]+)$/.exec(canonical)?.[1]
  return mapped === undefined ? ipv6Network(canonical) : ipv4Network(mapped)
}

function ipv4Network(address: string): string {
  return `${address.slice(0, address.lastIndexOf('.'))}.0/24`
}

function ipv6Network(canonical: string): string {
  const [head = '', tail] = canonical.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return `${groups.slice(0, 3).join(':')}::/48`
}
