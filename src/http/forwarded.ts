/**
 * What stands in X-Forwarded-For. Nothing says how a proxy writes an address there: most as it is, Azure's with the caller's port,
 * some in brackets or in quotes. The header Forwarded (RFC 7239) is not read: proxies that do not know it pass on what a caller wrote.
 */
import { BlockList, isIPv4 } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { canonicalAddress, isLoopbackAddress } from '../records/network.ts'

const withBrackets = /^\[([^\]]*:[^\]]*)\](?::\d{1,5})?$/
const ipv4WithPort = /^([\d.]+):\d{1,5}$/

/** The address that an entry names, or a socket, in the one spelling that is compared and stored; undefined when it names none. */
export function addressIn(entry: string): string | undefined {
  // What splits the header takes away spaces, and no tabs.
  const bare = entry.trim()
  const text = /^"(.*)"$/.exec(bare)?.[1] ?? bare
  return canonicalAddress(withBrackets.exec(text)?.[1] ?? ipv4WithPort.exec(text)?.[1] ?? text)
}

/**
 * The address in a header with which a server says from where a person signs in through it. What came twice, or holds something else
 * beside it, was perhaps written by two: it says nothing. Nor does a loopback address, which a webmail beside a mail server has for all its
 * people.
 * @param name in lower case
 */
export function addressInHeader({ raw }: FastifyRequest, name: string): string | undefined {
  const [value, ...more] = raw.headersDistinct[name] ?? []
  const address = value === undefined || more.length > 0 ? undefined : addressIn(value)
  return address === undefined || isLoopbackAddress(address) ? undefined : address
}

/** Whether a hop is one of the trusted proxies. @param networks CIDR, as the configuration has them */
export function createProxyTrust(networks: readonly string[]): (entry: string | undefined) => boolean {
  const trusted = new BlockList()
  for (const network of networks) {
    const [address = '', length] = network.split('/')
    trusted.addSubnet(address, Number(length), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return entry => {
    const address = addressIn(entry ?? '')
    return address !== undefined && trusted.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  }
}
