/** Trusted issuers in what `signet apply` changes: for people, and as JSON. */
import { isDeepStrictEqual } from 'node:util'
import { formatDuration } from '../clock.ts'
import type { IssuerDifference } from '../maintenance/issuer-definitions.ts'
import type { PublicJwk } from '../records/public-key.ts'
import type { IssuerSettings } from '../records/trusted-issuer.ts'
import { keyChange } from './difference-credentials.ts'
import { type Members, textOf, thatDiffer } from './difference-members.ts'

const uriIn = (issuer: IssuerSettings | undefined, kind: 'jwks_uri' | 'bundle_uri'): string | null =>
  issuer?.keySource.kind === kind ? issuer.keySource.uri : null

const keysIn = (issuer: IssuerSettings | undefined): readonly PublicJwk[] =>
  issuer?.keySource.kind === 'jwks' ? issuer.keySource.keys : []

const missingIn = (keys: readonly PublicJwk[], others: readonly PublicJwk[]) =>
  keys.filter(key => !others.some(other => isDeepStrictEqual(key, other))).map(jwk => ({ jwk }))

function membersOf({ before, after }: IssuerDifference): Members {
  const [old, now] = [keysIn(before), keysIn(after)]
  return thatDiffer({
    issuer: { before: before?.url ?? null, after: after.url },
    spiffe: { before: before?.trustDomain ?? null, after: after.trustDomain },
    jwks_uri: { before: uriIn(before, 'jwks_uri'), after: uriIn(after, 'jwks_uri') },
    bundle_uri: { before: uriIn(before, 'bundle_uri'), after: uriIn(after, 'bundle_uri') },
    jwks: keyChange(missingIn(now, old), missingIn(old, now)),
    audience: { before: before?.audience ?? null, after: after.audience },
    max_lifetime: {
      before: before === undefined ? null : formatDuration(before.maxLifetimeSeconds),
      after: formatDuration(after.maxLifetimeSeconds),
    },
    shared: { before: before?.isShared ?? false, after: after.isShared },
  })
}

export const describeIssuerChange = (issuer: IssuerDifference) => ({
  change: issuer.before === undefined ? 'add' : 'update',
  issuer: issuer.after.name,
  members: membersOf(issuer),
  ends: issuer.takesTokens ? 'access_tokens' : null,
})

export function linesOfIssuer(issuer: IssuerDifference): string[] {
  const isNew = issuer.before === undefined
  return [
    `${isNew ? '+' : '~'} issuer ${issuer.after.name}`,
    ...Object.entries(membersOf(issuer)).map(([name, change]) => `    ${name}: ${textOf(change, isNew)}`),
    ...(issuer.takesTokens ? ['    access tokens that clients were given for its tokens end'] : []),
  ]
}
