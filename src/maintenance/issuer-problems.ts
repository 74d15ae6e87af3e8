/** What of the definition of an issuer breaks a rule. */
import { type IssuerSurroundings, issuerNameProblem, issuerProblems } from '../accounts/issuer-rules.ts'
import type { DefinedIssuer } from '../records/definitions.ts'
import { type DefinitionProblem, problemAt, problemsAt } from './definition-problem.ts'
import type { IssuerDifference } from './issuer-definitions.ts'

/** The member that says where the keys are. */
function memberOfKeys({ keySource: { kind }, trustDomain }: DefinedIssuer): string {
  if (kind !== 'discovery') return kind
  return trustDomain === null ? 'issuer' : 'spiffe'
}

export function problemsOfIssuer(
  { before, after }: IssuerDifference,
  surroundings: IssuerSurroundings,
): DefinitionProblem[] {
  const path = ['issuers', after.name]
  const { keys, ...problems } = issuerProblems(after, surroundings)
  return [
    ...problemAt(path, before === undefined ? issuerNameProblem(after.name) : undefined),
    ...problemsAt(path, problems),
    ...problemAt([...path, memberOfKeys(after)], keys),
  ]
}
