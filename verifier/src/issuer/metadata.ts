/** An issuer's URL, which is all that a service is given, and its metadata (RFC 8414), where the rest stands. */
import type { Environment, Report } from '../environment.ts'
import { parseJsonObject } from '../jose/decoding.ts'
import { isSafeUri, parseUrl } from '../safe-url.ts'
import { createPolledDocument } from './polled-document.ts'

export interface Metadata {
  readonly jwksUri: string
  /** Token Status List §9; undefined when the issuer does not say. */
  readonly aggregationUri: string | undefined
  /** Where API keys are exchanged; undefined when the issuer does not say, or it is no https URL. */
  readonly tokenEndpoint: string | undefined
}

export interface MetadataSource {
  /**
   * Fetches it the first time.
   * @throws Error while it can't be had
   */
  readonly read: () => Promise<Metadata>
  /** Fetches again what was read before, because what it names can't be had any more. */
  readonly refresh: () => Promise<void>
  /** What was read last. */
  readonly value: () => Metadata | undefined
}

export function createMetadata(issuer: string, environment: Environment, report: Report): MetadataSource {
  const document = createPolledDocument<Metadata>(
    {
      name: 'metadata',
      accept: 'application/json',
      locate: async () => metadataUri(issuer),
      read: body => readMetadata(body, issuer),
    },
    environment,
    report,
  )
  return {
    async read() {
      if (document.value() === undefined) await document.refresh()
      const metadata = document.value()
      if (metadata === undefined) throw new Error(`The metadata can't be had. ${document.health().problem}`)
      return metadata
    },
    async refresh() {
      if (document.value() !== undefined) await document.refresh()
    },
    value: document.value,
  }
}

function readMetadata(body: Uint8Array, expectedIssuer: string): Metadata {
  const { issuer, jwks_uri, status_list_aggregation_endpoint: aggregation, token_endpoint } = parseJsonObject(body)
  // RFC 8414 §3.3: otherwise one issuer could speak for another.
  if (issuer !== expectedIssuer) throw new Error('It is the metadata of another issuer.')
  if (!isSafeUri(jwks_uri)) throw new Error('Its jwks_uri is no https URL.')
  if (aggregation !== undefined && !isSafeUri(aggregation))
    throw new Error('Its status_list_aggregation_endpoint is no https URL.')
  // Most services do without it: it is no reason to do without the keys.
  const tokenEndpoint = isSafeUri(token_endpoint) ? token_endpoint : undefined
  return { jwksUri: jwks_uri, aggregationUri: aggregation, tokenEndpoint }
}

/** RFC 8414 §3.1: the well-known part goes between the host and the path. */
function metadataUri(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
}

/** A URI that reads the same once its dots and escapes are resolved, so that none leads out of the issuer again. */
export function liesUnder(issuer: string, uri: string): boolean {
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`
  return uri.startsWith(base) && !uri.includes('#') && parseUrl(uri)?.href === uri
}
