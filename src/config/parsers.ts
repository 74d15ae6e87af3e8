/** The parsers that turn the text of a variable into a checked value. */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { formatDuration, parseDuration } from '../clock.ts'
import { canonicalAddress } from '../records/network.ts'
import { Refusal } from './variable.ts'

/**
 * An issuer identifier (RFC 8414 §2). Verifiers compare it byte for byte, so only the one normal spelling is accepted.
 *
 * @returns the text as it was given
 * @throws Refusal when it is no http(s) URL in normal form, or plain http on a host that is not loopback
 */
export function parseIssuer(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new Refusal('it must be an https URL')
  if (url.username !== '' || url.password !== '') throw new Refusal('it must not hold a user name or a password')
  if (/[?#]/.test(text)) throw new Refusal('it must have no query and no fragment')
  // Every endpoint lies under this path: characters that a router or a proxy may read in two ways have no place in it.
  if (!/^(\/[\w.~-]+)*\/*$/.test(url.pathname)) {
    throw new Refusal('its path may hold only letters, digits, "-", ".", "_" and "~" between single slashes')
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new Refusal('plain http is for loopback hosts only; any other issuer must be https')
  }
  const rightForm = url.origin + url.pathname.replace(/\/+$/, '')
  if (text.endsWith('/')) throw new Refusal('it must not end with a slash', rightForm)
  if (text !== rightForm) throw new Refusal('it must be in normal form, because verifiers compare bytes', rightForm)
  return text
}

/**
 * The issuer when none is set: where this machine reaches the service. A host that is no loopback address has no http issuer.
 *
 * @returns the issuer, and whether it is the host that was given
 */
export function defaultIssuer(host: string, port: number): { readonly issuer: string; readonly isOfHost: boolean } {
  const url = URL.parse(`http://${isIPv6(host) ? `[${host}]` : host}:${port}`)
  const isOfHost = url !== null && isLoopback(url.hostname)
  // Not simply text: in normal form port 80 is left out.
  return { issuer: isOfHost ? url.origin : new URL(`http://127.0.0.1:${port}`).origin, isOfHost }
}

/** `hostname` comes from a parsed URL: IPv4 addresses are dotted quads there, IPv6 addresses are in brackets. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}

/**
 * An address or a host name to listen on, without brackets and port.
 *
 * @throws Refusal
 */
export function parseHost(text: string): string {
  // A name whose last label is a number is a mistyped IPv4 address.
  const isName = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text) && !/(^|\.)\d+$/.test(text)
  if (isIP(text) === 0 && !isName) {
    throw new Refusal('it must be an IP address or a host name, without scheme, brackets and port')
  }
  return text
}

/**
 * A TCP port.
 *
 * @throws Refusal
 */
export function parsePort(text: string): number {
  if (/^(tcp|udp|sctp):\/\//.test(text)) {
    throw new Refusal('it is a Kubernetes service link and no port; put "enableServiceLinks: false" into the pod spec')
  }
  const port = Number(text)
  if (!/^[1-9]\d*$/.test(text) || port > 65535) throw new Refusal('it must be a whole number from 1 to 65535')
  return port
}

/**
 * Makes a parser of durations.
 *
 * @param least and most: the bounds in seconds, both allowed
 * @returns a parser that gives seconds and throws a Refusal
 */
export function durationBetween(least: number, most: number): (text: string) => number {
  return text => {
    const seconds = parseDuration(text)
    if (seconds === undefined) throw new Refusal('it must be a whole number and a unit, one of s, m, h and d')
    if (seconds < least || seconds > most)
      throw new Refusal(`it must be from ${formatDuration(least)} to ${formatDuration(most)}`)
    return seconds
  }
}

/**
 * 256 bits in base64 or base64url, or `none`.
 *
 * @throws Refusal
 */
export function parseKey256(text: string): Uint8Array | undefined {
  if (text === 'none') return undefined
  const key = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
  if (key.length !== 32) throw new Refusal('it must be 32 bytes in base64, as `openssl rand -base64 32` prints')
  return key
}

/** @returns a parser that throws Refusal */
export function integerBetween(least: number, most: number): (text: string) => number {
  return text => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most)) throw new Refusal(`it must be a whole number from ${least} to ${most}`)
    return value
  }
}

/**
 * Networks in CIDR notation, separated by commas, or `none`. A bare address is a network of one.
 *
 * @throws Refusal
 */
export function parseNetworks(text: string): readonly string[] {
  return text === 'none' ? [] : text.split(',').map(item => parseNetwork(item.trim()))
}

function parseNetwork(text: string): string {
  const [address = '', prefix, ...rest] = text.split('/')
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : undefined
  const length = prefix ?? String(bits)
  if (bits === undefined || rest.length > 0 || !/^(0|[1-9]\d*)$/.test(length) || Number(length) > bits) {
    throw new Refusal('it must be a comma-separated list of networks such as 10.0.0.0/8 or fd00::/8, or "none"')
  }
  const network = canonicalAddress(address) ?? address
  // IPv4 addresses in the spelling of IPv6 (RFC 4291 §2.5.5.2) are behind 96 bits that say so.
  const ownLength = Number(length) - (isIPv6(address) && isIPv4(network) ? 96 : 0)
  if (ownLength <= 0) throw new Refusal('a network of length /0 is every address; name those that are meant')
  return `${network}/${ownLength}`
}

/**
 * Makes a parser that accepts the given words only.
 *
 * @returns a parser that throws a Refusal
 */
export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return text => {
    const word = words.find(candidate => candidate === text)
    if (word === undefined) throw new Refusal(`it must be one of ${words.join(', ')}`)
    return word
  }
}
