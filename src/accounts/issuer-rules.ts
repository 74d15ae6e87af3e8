/** What may be entered for a trusted issuer. */
import { formatDuration } from '../clock.ts'
import { type KeySet, readKeySet } from '../records/key-set.ts'
import { holdsSecret, isObject } from '../records/public-key.ts'
import type { IssuerKeySource, IssuerSettings } from '../records/trusted-issuer.ts'
import { AccountError, type Problems } from './rules.ts'

const SHORTEST_SECONDS = 60
const LONGEST_SECONDS = 7 * 24 * 3600

export const issuerNameProblem = (name: string): string | undefined =>
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)
    ? undefined
    : 'The name of an issuer has 1 to 64 letters, digits, dots, hyphens and underscores, and begins with a letter or a digit.'

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)

/** What the `iss` of tokens is compared with, byte for byte. */
function urlProblem(text: string, ours: string): string | undefined {
  const url = URL.parse(text)
  const isUrl = url !== null && /^[\x21-\x7E]{1,2048}$/.test(text) && !/[?#]/.test(text)
  if (!isUrl || url.username !== '' || url.password !== '' || !['https:', 'http:'].includes(url.protocol))
    return 'The URL of an issuer is an https URL without query and fragment, as its tokens have it in iss.'
  if (url.protocol === 'http:' && !isLoopback(url)) return 'Plain http is for loopback hosts alone.'
  // A token of ours is no proof of who a client is.
  return text.replace(/\/+$/, '') === ours ? 'This service is no issuer of the tokens of others.' : undefined
}

/** SPIFFE-ID §2.1. */
const domainProblem = (domain: string): string | undefined =>
  /^[a-z0-9._-]{1,255}$/.test(domain)
    ? undefined
    : 'A trust domain has lower-case letters, digits, dots, hyphens and underscores, for example example.org, without spiffe://.'

const audienceProblem = (audience: string, url: string | null): string | undefined => {
  if (!/^[^\p{C}\s]{1,1024}$/u.test(audience)) return 'An audience has 1 to 1024 printable characters without space.'
  return audience === url ? 'The audience is whom the tokens are for, and that is not their issuer.' : undefined
}

const lifetimeProblem = (seconds: number): string | undefined =>
  Number.isSafeInteger(seconds) && seconds >= SHORTEST_SECONDS && seconds <= LONGEST_SECONDS
    ? undefined
    : `The tokens of an issuer live for ${formatDuration(SHORTEST_SECONDS)} to ${formatDuration(LONGEST_SECONDS)} at most.`

/** @param uriProblem what is wrong with a URI to fetch from */
function sourceProblem(
  source: IssuerKeySource,
  { url, trustDomain }: IssuerSettings,
  uriProblem: (uri: string) => string | undefined,
): string | undefined {
  if (source.kind === 'jwks' && trustDomain !== null) return 'The keys of a trust domain live a day: they are fetched.'
  if (source.kind === 'bundle_uri' && trustDomain === null) return 'A bundle is of a trust domain.'
  if (source.kind === 'jwks') return undefined
  if (source.kind !== 'discovery') return uriProblem(source.uri)
  if (trustDomain !== null) return 'The keys of a trust domain are at its bundle endpoint, or at a jwks_uri.'
  return uriProblem(url ?? '')
}

export interface IssuerSurroundings {
  /** Our issuer identifier. */
  readonly issuer: string
  /** What is wrong with a URI to fetch from. */
  readonly uriProblem: (uri: string) => string | undefined
}

export function issuerProblems(settings: IssuerSettings, { issuer: ours, uriProblem }: IssuerSurroundings): Problems {
  const { url, trustDomain, audience, keySource } = settings
  const ofNothing = url === null && trustDomain === null ? 'An issuer has a URL or a trust domain.' : undefined
  const ofUrl = ofNothing ?? (url === null ? undefined : urlProblem(url, ours))
  const isDiscovered = keySource.kind === 'discovery'
  return {
    issuer: ofUrl,
    spiffe: trustDomain === null ? undefined : domainProblem(trustDomain),
    // Where keys are discovered, the URL is the one that was judged.
    keys: isDiscovered && ofUrl !== undefined ? undefined : sourceProblem(keySource, settings, uriProblem),
    audience: audience === null ? undefined : audienceProblem(audience, url),
    max_lifetime: lifetimeProblem(settings.maxLifetimeSeconds),
  }
}

function readSet(jwks: unknown, refused: (why: string) => AccountError): KeySet {
  try {
    return readKeySet(jwks, 'sig')
  } catch (error) {
    throw refused((error as Error).message)
  }
}

/**
 * The keys of a file, and those that are passed over. A secret one refuses the file: that can be mended, as a fetched set can't.
 * @throws AccountError invalid
 */
export function issuerKeysIn(jwks: unknown): KeySet {
  const keys = isObject(jwks) ? jwks['keys'] : undefined
  if (Array.isArray(keys) && keys.some(key => isObject(key) && holdsSecret(key)))
    throw new AccountError('invalid', 'The file holds a private or symmetric key. Give the public halves alone.')
  const refused = (why: string) => new AccountError('invalid', `This is no set of keys that can be used. ${why}`)
  const set = readSet(jwks, refused)
  if (set.keys.length === 0) throw refused(`It has no key that can be used. ${set.leftOut[0]?.problem ?? ''}`.trimEnd())
  return set
}
