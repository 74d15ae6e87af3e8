/** Which trusts do not fit an issuer that is to be changed: what was asked of each when it was added is asked again. */

import { canonical, conditionsProblem } from '../accounts/trust-rules.ts'
import { trustFitProblem } from '../accounts/trusted-issuers.ts'
import type { Definitions } from '../records/definitions.ts'
import { type DefinitionProblem, problemAt } from './definition-problem.ts'
import { byName, type Difference, idOfClient, nameOf, type Present } from './definitions.ts'

export function problemsOfTrusts(
  definitions: Definitions,
  difference: Difference,
  present: Present,
): DefinitionProblem[] {
  const changed = difference.issuers.filter(({ before }) => before !== undefined)
  const issuers = byName(
    changed.map(({ after }) => after),
    nameOf,
  )
  const named = byName(definitions.clients, idOfClient)
  const beside = present.clients.filter(({ clientId }) => !named.has(clientId))
  return [
    ...definitions.clients.flatMap(({ clientId, trusts }) =>
      trusts.flatMap(({ issuerName, conditions }, at) => {
        const issuer = issuers.get(issuerName)
        const path = ['clients', clientId, 'trusts', `${at}`, 'claims']
        return problemAt(path, issuer && conditionsProblem(issuer, conditions.map(canonical)))
      }),
    ),
    ...beside.flatMap(({ clientId, trusts }) =>
      trusts.flatMap(trust => {
        const issuer = issuers.get(trust.issuerName ?? '')
        return issuer ? problemAt(['issuers', issuer.name], trustFitProblem(issuer, { ...trust, clientId })) : []
      }),
    ),
  ]
}
