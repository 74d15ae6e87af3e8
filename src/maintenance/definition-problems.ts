/** What of a definition breaks a rule. What is as it is breaks none, though it may be from before there was one. */
import { clientIdProblem, clientProblems, grantLimitsProblems } from '../accounts/client-rules.ts'
import { roleProblems } from '../accounts/roles.ts'
import type { Problems } from '../accounts/rules.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { DefinedClient, Definitions } from '../records/definitions.ts'
import { ADMINISTRATOR } from '../records/role.ts'
import {
  byName,
  type ClientDifference,
  type Difference,
  idOfClient,
  nameOfRole,
  type Present,
  type RoleDifference,
} from './definitions.ts'

export interface DefinitionProblem {
  /** Where it stands, member by member. */
  readonly path: readonly string[]
  readonly message: string
}

/** All that is wrong, of every role and client: nothing was changed. */
export class DefinitionsRefused extends Error {
  override readonly name = 'DefinitionsRefused'
  readonly problems: readonly DefinitionProblem[]

  constructor(problems: readonly DefinitionProblem[]) {
    super(problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
    this.problems = problems
  }
}

const problemsAt = (path: readonly string[], problems: Problems): DefinitionProblem[] =>
  Object.entries(problems).flatMap(([member, message]) =>
    message === undefined ? [] : { path: [...path, member], message },
  )

const problemAt = (path: readonly string[], message: string | undefined): DefinitionProblem[] =>
  message === undefined ? [] : [{ path, message }]

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
const TOO_MANY = `It changes more than ${MOST_CHANGES} roles and clients, and requests would wait for that long a write: put them into several files. What one of them does not name is left as it is.`

export function problemsOf(definitions: Definitions, difference: Difference, present: Present): DefinitionProblem[] {
  const roles = new Set([...definitions.roles, ...present.roles].map(nameOfRole))
  const there = byName(present.clients, idOfClient)
  const isBuiltIn = definitions.roles.some(({ name }) => name === ADMINISTRATOR)
  const isTooLarge = difference.roles.length + difference.clients.length > MOST_CHANGES
  return [
    ...problemAt([], isTooLarge ? TOO_MANY : undefined),
    ...problemAt(['roles', ADMINISTRATOR], isBuiltIn ? BUILT_IN : undefined),
    ...difference.roles.filter(({ after }) => after.name !== ADMINISTRATOR).flatMap(problemsOfRole),
    ...definitions.clients.flatMap(client => problemOfKind(client, there.get(client.clientId))),
    ...difference.clients.flatMap(client => problemsOfClient(client, roles)),
  ]
}
