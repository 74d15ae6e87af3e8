/** What it takes to make trusted issuers what they are defined to be. */
import { isDeepStrictEqual } from 'node:util'
import { completed, takes } from '../accounts/trusted-issuers.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { DefinedIssuer } from '../records/definitions.ts'
import type { PublicJwk } from '../records/public-key.ts'
import type { IssuerKeySource, IssuerSettings, TrustedIssuer } from '../records/trusted-issuer.ts'

export interface IssuerDifference {
  /** Undefined for a new one. */
  readonly before: TrustedIssuer | undefined
  readonly after: DefinedIssuer
  /** Access tokens end that clients were given for its tokens. */
  readonly takesTokens: boolean
}

const byKid = (one: PublicJwk, other: PublicJwk): number => ((one.kid ?? '') < (other.kid ?? '') ? -1 : 1)

/** In a set the order means nothing. */
const ordered = (source: IssuerKeySource): IssuerKeySource =>
  source.kind === 'jwks' ? { ...source, keys: source.keys.toSorted(byKid) } : source

function isSameIssuer(one: IssuerSettings, other: IssuerSettings): boolean {
  const settingsOf = ({ url, trustDomain, keySource, audience, maxLifetimeSeconds, isShared }: IssuerSettings) => ({
    ...{ url, trustDomain, audience, maxLifetimeSeconds, isShared },
    keySource: ordered(keySource),
  })
  return isDeepStrictEqual(settingsOf(one), settingsOf(other))
}

/** @param trusted ids of those that a client trusts */
export function issuerDifference(
  defined: DefinedIssuer,
  before: TrustedIssuer | undefined,
  trusted: ReadonlySet<string>,
): IssuerDifference[] {
  const after = { ...completed(defined), name: defined.name }
  if (before === undefined) return [{ before, after, takesTokens: false }]
  return isSameIssuer(before, after)
    ? []
    : [{ before, after, takesTokens: takes(before, after) && trusted.has(before.id) }]
}

export const trustedIn = (clients: readonly RegisteredClient[]): ReadonlySet<string> =>
  new Set(clients.flatMap(({ trusts }) => trusts.map(({ issuerId }) => issuerId)))
