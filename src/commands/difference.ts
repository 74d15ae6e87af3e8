/** What `signet apply` would change, or has changed: for people, and as JSON. */
import { formatDuration } from '../clock.ts'
import { idsOfRemoved } from '../maintenance/credential-definitions.ts'
import type { ClientDifference, Difference, RoleDifference } from '../maintenance/definitions.ts'
import { type GrantLimits, noSettings } from '../records/client.ts'
import type { DefinedClient } from '../records/definitions.ts'
import { credentialChanges } from './difference-credentials.ts'
import { describeIssuerChange, linesOfIssuer } from './difference-issuers.ts'
import { listChange, type Members, orderedChange, textOf, thatDiffer } from './difference-members.ts'

const durationOrNull = (seconds: number | null) => (seconds === null ? null : formatDuration(seconds))

const limitChanges = (before: GrantLimits | null, after: GrantLimits | null): Members => {
  const of = (name: 'client' | 'subject') => ({ before: before?.[name] ?? null, after: after?.[name] ?? null })
  return { grants_per_minute: of('client'), grants_per_minute_subject: of('subject') }
}

function membersOf({ before = undefined, settings, status, credentials }: ClientDifference): Members {
  const old = before ?? noSettings
  const { grants, scope, audiences, origins, introspect, mayGrant } = settings
  const { accessTokenTtlSeconds: seconds, grantsPerMinute: limits, forwardsAddress } = settings
  return thatDiffer({
    ...(grants && { grants: listChange(old.grants, grants) }),
    ...(scope && { scope: listChange(old.scope, scope) }),
    ...(audiences && { audiences: orderedChange(old.audiences, audiences) }),
    ...(origins && { origins: listChange(old.origins, origins) }),
    ...(introspect && { introspect: listChange(old.introspect, introspect) }),
    ...(seconds !== undefined && {
      access_token_ttl: { before: durationOrNull(old.accessTokenTtlSeconds), after: durationOrNull(seconds) },
    }),
    ...(limits !== undefined && limitChanges(old.grantsPerMinute, limits)),
    ...(mayGrant && { may_grant: listChange(old.mayGrant, mayGrant) }),
    ...(forwardsAddress !== undefined && {
      forwards_address: { before: old.forwardsAddress, after: forwardsAddress },
    }),
    ...credentialChanges(credentials),
    ...(status && { status: { before: before?.status ?? null, after: status } }),
  })
}

const permissionsOf = ({ before, after }: RoleDifference) => listChange(before?.permissions ?? [], after.permissions)

const kindOf = ({ isPublic }: { readonly isPublic: boolean }) => (isPublic ? 'public' : 'confidential')

const canProve = ({ keys, trusts }: DefinedClient): boolean => keys.length + trusts.length > 0

/** A new one with neither a key nor a trust can't prove who it is until somebody adds a secret. */
export const withoutSecret = ({ clients }: Difference): readonly string[] =>
  clients
    .filter(({ before, after }) => before === undefined && !after.isPublic && !canProve(after))
    .map(({ after }) => after.clientId)

export const describeDifference = (difference: Difference, applied: boolean) => ({
  changes: [
    ...difference.roles.map(role => ({
      change: role.before === undefined ? 'add' : 'update',
      role: role.after.name,
      members: { permissions: permissionsOf(role) },
      ends: role.isNarrower ? 'access_tokens' : null,
    })),
    ...difference.issuers.map(describeIssuerChange),
    ...difference.clients.map(client => ({
      change: client.before === undefined ? 'add' : 'update',
      client_id: client.after.clientId,
      public: client.after.isPublic,
      members: membersOf(client),
      ends: client.ends ?? null,
    })),
  ],
  not_in_file: difference.notInFile,
  without_secret: withoutSecret(difference),
  applied,
})

const ENDS = {
  sessions: 'it is disabled: its sessions end, and it gets no more tokens',
  access_tokens: 'narrower: access tokens of its sessions end; the sessions go on with what is left',
}
const OWN_TOKENS = 'what it got for itself with a key or trust that is removed ends'

function endsOf({ ends, credentials }: ClientDifference): string[] {
  if (ends === undefined) return []
  const hasRemoved = ends !== 'sessions' && idsOfRemoved(credentials).length > 0
  return [...(ends === 'own_tokens' ? [] : [ENDS[ends]]), ...(hasRemoved ? [OWN_TOKENS] : [])]
}

function linesOfRole(role: RoleDifference): string[] {
  const isNew = role.before === undefined
  return [
    `${isNew ? '+' : '~'} role ${role.after.name}: ${textOf(permissionsOf(role), isNew)}`,
    ...(role.isNarrower ? ['    narrower: access tokens of everybody who has it end; the sessions go on'] : []),
  ]
}

function linesOfClient(client: ClientDifference): string[] {
  const isNew = client.before === undefined
  return [
    `${isNew ? '+' : '~'} client ${client.after.clientId}${isNew ? ` (${kindOf(client.after)})` : ''}`,
    ...Object.entries(membersOf(client)).map(([name, change]) => `    ${name}: ${textOf(change, isNew)}`),
    ...endsOf(client).map(line => `    ${line}`),
  ]
}

export const linesOfDifference = ({ roles, issuers, clients }: Difference): string[] => [
  ...roles.flatMap(linesOfRole),
  ...issuers.flatMap(linesOfIssuer),
  ...clients.flatMap(linesOfClient),
]

export function linesOfRest({ notInFile: { roles, issuers, clients } }: Difference): string[] {
  const names = [
    ...roles.map(name => `role ${name}`),
    ...issuers.map(name => `issuer ${name}`),
    ...clients.map(id => `client ${id}`),
  ]
  return names.length === 0 ? [] : [`not in the file: ${names.join(', ')}`]
}

export const linesOfSecrets = (difference: Difference): string[] =>
  withoutSecret(difference).map(id => `${id} has no secret: signet clients add-secret ${id}`)
