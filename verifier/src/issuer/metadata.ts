/** Authorization server metadata (RFC 8414): the issuer's URL is all that a service is given, the rest stands there. */
import type { Environment, Report } from '../environment.ts'
import { parseJsonObject } from '../jose/decoding.ts'
import { isSafeUri, metadataUri } from './issuer-url.ts'
import { createPolledDocument } from './polled-document.ts'

export interface Metadata {
  readonly jwksUri: string
  /** Token Status List §9; undefined when the issuer does not say. */
  readonly aggregationUri: string | undefined
}

export interface MetadataSource {
  /**
   * Fetches it the first time.
   * @throws Error while it can't be had
   */
  readonly read: () => Promise<Metadata>
  /** Fetches again what was read before, because what it names can't be had any more. */
  readonly refresh: () => Promise<void>
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
  }
}

function readMetadata(body: Uint8Array, expectedIssuer: string): Metadata {
  const { issuer, jwks_uri, status_list_aggregation_endpoint: aggregation } = parseJsonObject(body)
  // RFC 8414 §3.3: otherwise one issuer could speak for another.
  if (issuer !== expectedIssuer) throw new Error('It is the metadata of another issuer.')
  if (!isSafeUri(jwks_uri)) throw new Error('Its jwks_uri is no https URL.')
  if (aggregation !== undefined && !isSafeUri(aggregation))
    throw new Error('Its status_list_aggregation_endpoint is no https URL.')
  return { jwksUri: jwks_uri, aggregationUri: aggregation }
}
