/** Keycloak's realm export: of a whole realm, its `realm-users-0.json`, or a list of users. */
import type { Columns } from '../../../passwords/forms/form.ts'
import { type FileRecord, RecordRefused } from '../person.ts'
import { type Format, PASSED_OVER } from './format.ts'
import { flag, member, optionalText, statusIf, text } from './members.ts'

/** What the console's partial export writes is a realm without its users. */
function refuseRealm(record: FileRecord): void {
  if (Object.hasOwn(record, 'realm') && !Object.hasOwn(record, 'username'))
    throw new RecordRefused('This is a realm without its users. Export it with kc.sh export --users realm_file.')
}

/** Where others have the hash. Of their files everybody would be added disabled, and without a password. */
function refuseOthers(record: FileRecord): void {
  const other = ['password_hash', 'passwordHash', 'password'].find(name => member(record, name) !== undefined)
  if (other !== undefined) throw new RecordRefused(`There is a ${other}, which no user of Keycloak has.`)
}

/** One-time codes and security keys stand in the same list. */
function hashOf(record: FileRecord): Columns | null {
  const credentials = member(record, 'credentials') ?? []
  if (!Array.isArray(credentials)) throw new RecordRefused('credentials is not a list.')
  return credentials.find(credential => credential?.type === 'password') ?? null
}

/** Keycloak's own, which everybody has there, and which say nothing here. */
const isOfKeycloak = (role: string): boolean =>
  role.startsWith('default-roles-') || role === 'offline_access' || role === 'uma_authorization'

function rolesOf(record: FileRecord): readonly string[] {
  const roles = member(record, 'realmRoles') ?? []
  if (Array.isArray(roles) && roles.every(role => typeof role === 'string'))
    return roles.filter(role => !isOfKeycloak(role))
  throw new RecordRefused('realmRoles is not a list of names.')
}

export const keycloak: Format = {
  documentMember: 'users',
  csvRefusal: "The file is not JSON, as Keycloak's exports are.",
  toPerson(record, { usernameFrom }) {
    refuseRealm(record)
    if (member(record, 'serviceAccountClientId') !== undefined) return PASSED_OVER
    refuseOthers(record)
    return {
      username: text(record, usernameFrom ?? 'username'),
      hash: hashOf(record),
      roles: rolesOf(record),
      // Keycloak, too, takes whoever has no such member for disabled.
      status: statusIf(flag(record, 'enabled', false)),
      userId: optionalText(record, 'id'),
    }
  },
}
