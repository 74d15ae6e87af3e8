/** What of a client's keys and trusts breaks a rule: of those that are new, and of all by their number. */
import { isSameSource, keyCountProblem, PUBLIC_HAS_NO_KEY } from '../accounts/client-keys.ts'
import { isSameTrust, PUBLIC_HAS_NO_TRUST, trustCountProblem } from '../accounts/client-trusts.ts'
import { canonical, conditionsProblem } from '../accounts/trust-rules.ts'
import type { ClientKeySource } from '../records/client-key.ts'
import type { DefinedClient, DefinedTrust } from '../records/definitions.ts'
import type { IssuerSettings } from '../records/trusted-issuer.ts'
import type { CredentialDifference } from './credential-definitions.ts'
import { type DefinitionProblem, problemAt } from './definition-problem.ts'

/** Whom a client is to trust. */
export const NO_SUCH_ISSUER = 'There is no such issuer, and none is defined here.'

const isSameDefined = (one: DefinedTrust, other: DefinedTrust): boolean => {
  const asStored = ({ issuerName, conditions }: DefinedTrust) => ({
    issuerId: issuerName,
    conditions: conditions.map(canonical),
  })
  return isSameTrust(asStored(one), asStored(other))
}

/**
 * @param issuers by name, as they are to be
 * @param uriProblem what is wrong with a URI to fetch from
 */
export function problemsOfCredentials(
  { clientId, isPublic, keys, trusts }: DefinedClient,
  difference: CredentialDifference,
  issuers: ReadonlyMap<string, IssuerSettings>,
  uriProblem: (uri: string) => string | undefined,
): DefinitionProblem[] {
  function problemsOfKey(source: ClientKeySource, at: number, path: readonly string[]): DefinitionProblem[] {
    const isTwice = keys.slice(0, at).some(other => isSameSource(other, source))
    const isNew = difference.keys.added.includes(source)
    return [
      ...problemAt(path, isTwice ? 'This key is there twice.' : undefined),
      ...problemAt([...path, 'jwks_uri'], isNew && 'jwksUri' in source ? uriProblem(source.jwksUri) : undefined),
    ]
  }

  function problemsOfTrust(trust: DefinedTrust, at: number, path: readonly string[]): DefinitionProblem[] {
    const isTwice = trusts.slice(0, at).some(other => isSameDefined(other, trust))
    const issuer = issuers.get(trust.issuerName)
    const isNew = difference.trusts.added.includes(trust)
    return [
      ...problemAt(path, isTwice ? 'This trust is there twice.' : undefined),
      ...problemAt([...path, 'issuer'], issuer === undefined ? NO_SUCH_ISSUER : undefined),
      ...problemAt(
        [...path, 'claims'],
        issuer && isNew ? conditionsProblem(issuer, trust.conditions.map(canonical)) : undefined,
      ),
    ]
  }

  /** Of more than there may be none is looked at. */
  function problemsOfEach<Item>(
    member: 'keys' | 'trusts',
    items: readonly Item[],
    ofAll: string | undefined,
    problemsOfItem: (item: Item, at: number, path: readonly string[]) => DefinitionProblem[],
  ): DefinitionProblem[] {
    const path = ['clients', clientId, member]
    if (ofAll !== undefined) return problemAt(path, ofAll)
    return items.flatMap((item, at) => problemsOfItem(item, at, [...path, `${at}`]))
  }

  const isTaken = (items: readonly unknown[]) => isPublic && items.length > 0
  const ofKeys = isTaken(keys) ? PUBLIC_HAS_NO_KEY : keyCountProblem(keys.length)
  const ofTrusts = isTaken(trusts) ? PUBLIC_HAS_NO_TRUST : trustCountProblem(trusts.length)
  return [
    ...problemsOfEach('keys', keys, ofKeys, problemsOfKey),
    ...problemsOfEach('trusts', trusts, ofTrusts, problemsOfTrust),
  ]
}
