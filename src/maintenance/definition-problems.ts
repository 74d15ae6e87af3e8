/** What of a definition breaks a rule. What is as it is breaks none, though it may be from before there was one. */
import { clientIdProblem, clientProblems, grantLimitsProblems } from '../accounts/client-rules.ts'
import type { IssuerSurroundings } from '../accounts/issuer-rules.ts'
import { roleProblems } from '../accounts/roles.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { DefinedClient, Definitions } from '../records/definitions.ts'
import { ADMINISTRATOR } from '../records/role.ts'
import type { IssuerSettings } from '../records/trusted-issuer.ts'
import { sizeOf as rowsOf } from './credential-definitions.ts'
import { problemsOfCredentials } from './credential-problems.ts'
import { type DefinitionProblem, problemAt, problemsAt } from './definition-problem.ts'
import {
  byName,
  type ClientDifference,
  type Difference,
  idOfClient,
  type Named,
  nameOf,
  type Present,
  type RoleDifference,
} from './definitions.ts'
import { problemsOfIssuer } from './issuer-problems.ts'
import { problemsOfTrusts } from './trust-problems.ts'

/** All that is wrong, of every role and client: nothing was changed. */
export class DefinitionsRefused extends Error {
  override readonly name = 'DefinitionsRefused'
  readonly problems: readonly DefinitionProblem[]

  constructor(problems: readonly DefinitionProblem[]) {
    super(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
    this.problems = problems
  }
}

/** Of one that a client is to grant. */
export const NO_SUCH_ROLE = 'There is no such role to grant, and none is defined here.'
const BUILT_IN = `The role ${ADMINISTRATOR} is built in, and nobody changes it: leave it out.`

function problemsOfRole({ before, after }: RoleDifference): DefinitionProblem[] {
  const { name, permissions } = roleProblems(after, before)
  const path = ['roles', after.name]
  return [...problemAt(path, name), ...problemsAt(path, { permissions })]
}

function problemsOfClient(difference: ClientDifference, roles: ReadonlySet<string>): DefinitionProblem[] {
  const { before, after, settings } = difference
  const path = ['clients', after.clientId]
  const added = settings.mayGrant?.filter(role => !before?.mayGrant.includes(role)) ?? []
  const isUnknown = added.some(role => !roles.has(role))
  const problems = {
    ...clientProblems(settings, after, before?.scope),
    ...grantLimitsProblems(after.grantsPerMinute, after.grantsPerMinute),
  }
  const unknown = isUnknown ? NO_SUCH_ROLE : undefined
  return [
    ...problemAt(path, before === undefined ? clientIdProblem(after.clientId) : undefined),
    ...problemsAt(path, { ...problems, may_grant: problems['may_grant'] ?? unknown }),
  ]
}

function problemOfKind(after: DefinedClient, before: RegisteredClient | undefined): DefinitionProblem[] {
  if (before === undefined || before.isPublic === after.isPublic) return []
  const message = `This client is ${before.isPublic ? 'public' : 'confidential'}, and that never changes: define it so, or delete it and add it again.`
  return [{ path: ['clients', after.clientId, 'public'], message }]
}

/** As many as SQLite makes in half of the time that a request waits for a write. */
const MOST_CHANGES = 5000
const TOO_MANY = `It changes more than ${MOST_CHANGES} roles, issuers, clients, keys and trusts, and requests would wait for that long a write: put them into several files. What one of them does not name is left as it is.`

const sizeOf = ({ roles, issuers, clients }: Difference): number =>
  clients.reduce((size, { credentials }) => size + 1 + rowsOf(credentials), roles.length + issuers.length)

export function problemsOf(
  definitions: Definitions,
  difference: Difference,
  present: Present,
  surroundings: IssuerSurroundings,
): DefinitionProblem[] {
  const roles = new Set([...definitions.roles, ...present.roles].map(nameOf))
  const issuersAfter = [...present.issuers, ...difference.issuers.map(({ after }) => after)]
  const issuers = byName<IssuerSettings & Named>(issuersAfter, nameOf)
  const there = byName(present.clients, idOfClient)
  const isBuiltIn = definitions.roles.some(({ name }) => name === ADMINISTRATOR)
  return [
    ...problemAt([], sizeOf(difference) > MOST_CHANGES ? TOO_MANY : undefined),
    ...problemAt(['roles', ADMINISTRATOR], isBuiltIn ? BUILT_IN : undefined),
    ...difference.roles.filter(({ after }) => after.name !== ADMINISTRATOR).flatMap(problemsOfRole),
    ...difference.issuers.flatMap(issuer => problemsOfIssuer(issuer, surroundings)),
    ...definitions.clients.flatMap(client => problemOfKind(client, there.get(client.clientId))),
    ...difference.clients.flatMap(client => problemsOfClient(client, roles)),
    ...difference.clients.flatMap(({ after, credentials }) =>
      problemsOfCredentials(after, credentials, issuers, surroundings.uriProblem),
    ),
    ...problemsOfTrusts(definitions, difference, present),
  ]
}
