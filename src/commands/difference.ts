/** What `signet apply` would change, or has changed: for people, and as JSON. */
import { formatDuration } from '../clock.ts'
import type { ClientDifference, Difference, RoleDifference } from '../maintenance/definitions.ts'
import type { ClientSettings, GrantLimits } from '../records/client.ts'

/** A member that is a list, or one that is a single value. */
type MemberChange =
  | { readonly added: readonly string[]; readonly removed: readonly string[]; readonly order?: readonly string[] }
  | { readonly before: string | number | null; readonly after: string | number | null }

type Members = Readonly<Record<string, MemberChange>>

function listChange(before: readonly string[], after: readonly string[]): MemberChange {
  const [old, now] = [[...new Set(before)], [...new Set(after)]]
  const [added, removed] = [now.filter(one => !old.includes(one)), old.filter(one => !now.includes(one))]
  return { added, removed }
}

/** The first is the default, so that the order is told whenever it is another one. */
function orderedChange(before: readonly string[], after: readonly string[]): MemberChange {
  return before.length === 0 ? listChange(before, after) : { ...listChange(before, after), order: [...new Set(after)] }
}

const durationOrNull = (seconds: number | null) => (seconds === null ? null : formatDuration(seconds))

const limitChanges = (before: GrantLimits | null, after: GrantLimits | null): Members => {
  const of = (name: 'client' | 'subject') => ({ before: before?.[name] ?? null, after: after?.[name] ?? null })
  return { grants_per_minute: of('client'), grants_per_minute_subject: of('subject') }
}

const NOTHING: ClientSettings = {
  ...{ grants: [], scope: [], audiences: [], origins: [], introspect: [], mayGrant: [] },
  ...{ accessTokenTtlSeconds: null, grantsPerMinute: null },
}

const isChange = (change: MemberChange): boolean =>
  'added' in change
    ? change.added.length + change.removed.length > 0 || change.order !== undefined
    : change.before !== change.after

function membersOf({ before = undefined, settings, status }: ClientDifference): Members {
  const old = before ?? NOTHING
  const { grants, scope, audiences, origins, introspect, mayGrant } = settings
  const { accessTokenTtlSeconds: seconds, grantsPerMinute: limits } = settings
  const all: Members = {
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
    ...(status && { status: { before: before?.status ?? null, after: status } }),
  }
  return Object.fromEntries(Object.entries(all).filter(([, change]) => isChange(change)))
}

const permissionsOf = ({ before, after }: RoleDifference) => listChange(before?.permissions ?? [], after.permissions)

const kindOf = ({ isPublic }: { readonly isPublic: boolean }) => (isPublic ? 'public' : 'confidential')

/** A new one can't prove who it is until somebody adds a secret. */
export const withoutSecret = ({ clients }: Difference): readonly string[] =>
  clients.filter(({ before, after }) => before === undefined && !after.isPublic).map(({ after }) => after.clientId)

export const describeDifference = (difference: Difference, applied: boolean) => ({
  changes: [
    ...difference.roles.map(role => ({
      change: role.before === undefined ? 'add' : 'update',
      role: role.after.name,
      members: { permissions: permissionsOf(role) },
      ends: role.isNarrower ? 'access_tokens' : null,
    })),
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

function textOf(change: MemberChange, isNew: boolean): string {
  if (!('added' in change)) return isNew ? `${change.after}` : `${change.before ?? 'none'} -> ${change.after ?? 'none'}`
  if (isNew) return change.added.join(', ')
  const signed = [...change.added.map(one => `+ ${one}`), ...change.removed.map(one => `- ${one}`)].join(', ')
  if (change.order === undefined || change.order.length < 2) return signed
  return `${signed === '' ? '' : `${signed}; `}in this order: ${change.order.join(', ')}`
}

const ENDS = {
  sessions: 'it is disabled: its sessions end, and it gets no more tokens',
  access_tokens: 'narrower: access tokens of its sessions end; the sessions go on with what is left',
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
    ...(client.ends === undefined ? [] : [`    ${ENDS[client.ends]}`]),
  ]
}

export const linesOfDifference = ({ roles, clients }: Difference): string[] => [
  ...roles.flatMap(linesOfRole),
  ...clients.flatMap(linesOfClient),
]

export function linesOfRest({ notInFile: { roles, clients } }: Difference): string[] {
  const names = [...roles.map(name => `role ${name}`), ...clients.map(id => `client ${id}`)]
  return names.length === 0 ? [] : [`not in the file: ${names.join(', ')}`]
}

export const linesOfSecrets = (difference: Difference): string[] =>
  withoutSecret(difference).map(id => `${id} has no secret: signet clients add-secret ${id}`)
