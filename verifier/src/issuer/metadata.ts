/** An issuer's metadata (RFC 8414): it says where the rest is. */
import type { Environment, Report } from '../environment.ts'
import { parseJsonObject } from '../jose/decoding.ts'
import type { Locations } from './locations.ts'
import { createPolledDocument } from './polled-document.ts'

/** Where to ask: with `discovery` that is not what the document says. */
export interface Metadata {
  readonly jwksUri: string
  /** Token Status List §9; undefined when the issuer does not say. */
  readonly aggregationUri: string | undefined
  /** Where API keys are exchanged; undefined when the issuer does not say, or it is not to be asked. */
  readonly tokenEndpoint: string | undefined
}

export interface MetadataSource extends Pick<Locations, 'kind'> {
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

export function createMetadata(
  issuer: string,
  locations: Locations,
  environment: Environment,
  report: Report,
): MetadataSource {
  const document = createPolledDocument<Metadata>(
    {
      name: 'metadata',
      accept: 'application/json',
      locate: async () => locations.metadata,
      read: body => readMetadata(body, issuer, locations),
    },
    environment,
    report,
  )
  return {
    kind: locations.kind,
    async read() {
      if (document.value() === undefined) await document.refresh()
      const metadata = document.value()
      if (metadata === undefined)
        throw new Error(`The metadata can't be had (${locations.metadata}). ${document.health().problem}`)
      return metadata
    },
    async refresh() {
      if (document.value() !== undefined) await document.refresh()
    },
    value: document.value,
  }
}

function readMetadata(body: Uint8Array, expectedIssuer: string, locations: Locations): Metadata {
  const { issuer, jwks_uri, status_list_aggregation_endpoint: aggregation, token_endpoint } = parseJsonObject(body)
  // RFC 8414 §3.3: otherwise one issuer could speak for another.
  if (issuer !== expectedIssuer)
    throw new Error(`It is the metadata of another issuer: ${named(issuer)}, not ${named(expectedIssuer)}.`)
  const jwksUri = locations.of(jwks_uri)
  if (jwksUri === undefined) throw new Error(`Its jwks_uri is not ${locations.kind}.`)
  const aggregationUri = locations.of(aggregation)
  if (aggregation !== undefined && aggregationUri === undefined)
    throw new Error(`Its status_list_aggregation_endpoint is not ${locations.kind}.`)
  // Most services do without it: it is no reason to do without the keys.
  return { jwksUri, aggregationUri, tokenEndpoint: locations.of(token_endpoint) }
}

/** For whoever reads why: a slash or a port too much is seen at once. What others say may be long. */
const named = (value: unknown): string => (JSON.stringify(value) ?? 'nobody').slice(0, 200)
