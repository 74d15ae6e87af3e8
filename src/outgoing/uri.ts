/** Which URIs may be fetched from. What their names lead to is looked at when the request is made. */
import { isIP } from 'node:net'
import { isLoopback, mayReach } from './addresses.ts'

/** As a name, or as an address without the brackets of IPv6. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')

/**
 * What is wrong with a URI to fetch from, or undefined.
 *
 * @param allowNetworks as for mayReach
 * @returns a sentence
 */
export function fetchUriProblem(uri: string, allowNetworks: readonly string[]): string | undefined {
  const url = URL.parse(uri)
  // A URL parser passes over white space and reads a backslash as a slash.
  if (url === null || !/^https?:\/\/[!-[\]-~]+$/i.test(uri)) return 'It must be an https URL.'
  if (url.username !== '' || url.password !== '') return 'It must hold no user name and no password.'
  if (uri.includes('#')) return 'It must have no fragment.'
  const host = hostOf(url)
  const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : isIP(host) === 0 ? [] : [host]
  if (url.protocol === 'http:' && !addresses.some(address => isLoopback(address) && mayReach(address, allowNetworks)))
    return 'It must be https: plain http is for loopback hosts only, and those that SIGNET_ALLOW_NETWORKS names.'
  if (addresses.length > 0 && !addresses.some(address => mayReach(address, allowNetworks)))
    return 'Its address must be a public one, or a loopback, private or shared one that SIGNET_ALLOW_NETWORKS names.'
  return undefined
}
