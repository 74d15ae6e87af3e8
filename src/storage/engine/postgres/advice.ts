/** What to do about an error of PostgreSQL: mostly a statement that somebody with more rights runs. */
import pg from 'pg'

/** Whose connections they are, and where they lead. */
export interface Who {
  readonly user: string
  readonly database: string
}

/** @param url in the form that the configuration gives it */
export function whoIn(url: string): Who {
  const [, user = '', database = ''] = /^[a-z]+:\/\/(?:([^:@/]*)(?::[^@/]*)?@)?[^/]*\/?([^?]*)/.exec(url) ?? []
  return { user: decodeURIComponent(user), database: decodeURI(database) }
}

const named = pg.escapeIdentifier
const run = (...statements: readonly string[]): string =>
  `Let an administrator of it run, in the database of Signet: ${statements.join('; ')};`

/** A name as it stands in a message; the message may be in the language of the server, and name nothing then. */
const nameIn = (message: string, kind: string): string | undefined =>
  new RegExp(` (?:${kind}) "?([^"\\s]+)"?`).exec(message)?.[1]

export const grantOnTables = (tables: readonly string[], { user }: Who): string =>
  run(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${tables.map(named).join(', ')} TO ${named(user)}`)

function grants(message: string, { user, database }: Who): string {
  const role = named(user)
  if (nameIn(message, 'database') !== undefined) return run(`GRANT CONNECT ON DATABASE ${named(database)} TO ${role}`)
  const owned = nameIn(message, 'must be owner of (?:table|relation)')
  if (owned !== undefined) return run(`ALTER TABLE ${named(owned)} OWNER TO ${role}`)
  const table = nameIn(message, 'for (?:table|relation|view)')
  if (table !== undefined) return grantOnTables([table], { user, database })
  const called = nameIn(message, 'for function')
  if (called !== undefined) return run(`GRANT EXECUTE ON FUNCTION ${named(called)} TO ${role}`)
  const schema = named(nameIn(message, 'for schema') ?? 'public')
  return run(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}`)
}

/** Of a search path in which there is no schema that the role may use. */
export const searchPathAdvice = ({ user, database }: Who): string =>
  run(
    `CREATE SCHEMA IF NOT EXISTS public`,
    `GRANT USAGE, CREATE ON SCHEMA public TO ${named(user)}`,
    `ALTER ROLE ${named(user)} IN DATABASE ${named(database)} SET search_path = public`,
  )

const byCode: Readonly<Record<string, (message: string, who: Who) => string | undefined>> = {
  '28000': (message, { user }) =>
    /not permitted to log in/.test(message) ? run(`ALTER ROLE ${named(user)} LOGIN`) : undefined,
  '28P01': () => 'The password in SIGNET_DATABASE_URL is not that of the role.',
  '3D000': (_message, { user, database }) =>
    `Let an administrator of it run: CREATE DATABASE ${named(database)} OWNER ${named(user)};`,
  '3F000': (_message, who) => searchPathAdvice(who),
  '42P01': (_message, who) => `The tables of Signet are not where the search_path leads. ${searchPathAdvice(who)}`,
  '42501': grants,
  '53300': () => 'Give the server more connections, or each instance fewer: SIGNET_DATABASE_POOL_SIZE.',
  '53100': () => 'The disk of the server is full.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
}

function untrusted(): string {
  return 'Give sslrootcert in SIGNET_DATABASE_URL the certificate of the authority that made the one of the server.'
}

/** Undefined when the error says it all. */
export const adviceOn = (code: string | undefined, message: string, who: Who): string | undefined =>
  /client password must be a string/.test(message)
    ? 'The server asks for a password, and SIGNET_DATABASE_URL has none.'
    : byCode[code ?? '']?.(message, who)
