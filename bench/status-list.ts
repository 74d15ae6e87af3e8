/** A Token Status List as a verifier reads it (draft-ietf-oauth-status-list §4.1, §4.2); the signature is other tests' subject. */
import { inflateSync } from 'node:zlib'
import type { Connection } from './connection.ts'

export interface ReadStatusList {
  isRevoked(index: number): boolean
  /** How many are. */
  readonly revoked: number
}

// biome-ignore lint/suspicious/noExplicitAny: claims of every shape
export const claimsOf = (jwt: string): any => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())

export function readStatusList(document: string): ReadStatusList {
  const bytes = inflateSync(Buffer.from(claimsOf(document).status_list.lst, 'base64url'))
  const isRevoked = (index: number) => (((bytes[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
  let revoked = 0
  for (let byte of bytes) for (; byte > 0; byte >>= 1) revoked += byte & 1
  return { isRevoked, revoked }
}

/** Every list of the service, by id. */
export async function readStatusLists(connection: Connection): Promise<ReadonlyMap<string, ReadStatusList>> {
  const { body } = await connection.get('/oauth/status-lists')
  const lists = new Map<string, ReadStatusList>()
  for (const uri of JSON.parse(body).status_lists) {
    const { pathname } = new URL(uri)
    lists.set(pathname.split('/').at(-1) ?? '', readStatusList((await connection.get(pathname)).body))
  }
  return lists
}
