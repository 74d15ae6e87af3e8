/** Where the database is, from a URL: `file:…` (RFC 8089, and a relative path behind the colon), or `postgres://…` (postgres-url.ts). */
import type { DatabaseLocation } from '../records/instance.ts'
import { decodePercent } from './percent.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import { Refusal } from './variable.ts'

/** @throws Refusal */
export function parseDatabase(text: string): DatabaseLocation {
  if (text.startsWith('file:')) return { kind: 'sqlite', path: parseDatabasePath(text.slice('file:'.length)) }
  if (!/^postgres(ql)?:\/\//.test(text)) throw new Refusal('it must begin with "file:" or "postgres://"')
  return { kind: 'postgres', url: parsePostgresUrl(text) }
}

function parseDatabasePath(text: string): string {
  const encoded = text.replace(/^\/\/(localhost)?(?=\/)/i, '')
  if (encoded.startsWith('//'))
    throw new Refusal('"file:" takes a path and no host: file:relative/path or file:/absolute/path')
  if (/[?#]/.test(encoded)) throw new Refusal('a "file:" path takes no options and no "?" or "#"')
  if (/%2f/i.test(encoded)) throw new Refusal('no name in a "file:" path can hold a slash, so %2F has no place in it')
  const path = decodePercent(encoded)
  if (path === '' || path.endsWith('/')) throw new Refusal('"file:" must be followed by the path of a file')
  // What opens the file would trim it, and take another one than what looks after it.
  if (path !== path.trim()) throw new Refusal('a "file:" path must not begin or end with white space')
  // What was accepted must be durable: a database in memory keeps nothing.
  if (path === ':memory:') throw new Refusal('the database must be a file, not memory')
  return path
}
