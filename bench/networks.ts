/** Requests from many networks: through a proxy on the loopback network, which the service trusts. */

/** For the environment of the service. */
export const trusted = { SIGNET_TRUST_PROXY: '127.0.0.1/32' }

const NETWORKS = 2 ** 16

/** A header line: the request comes from a /24 of its own; after 65,536 of them the first comes again. */
export const forwardedFrom = (number: number): string => {
  const network = number % NETWORKS
  return `X-Forwarded-For: 10.${network >> 8}.${network & 255}.1\r\n`
}
