/** Through which clients somebody who guesses passwords can keep a person out. */
import type { ClientReader } from '../records/client.ts'

/** More than these are told of by their number. */
const MOST_NAMED = 10

/** What to know; undefined when there are none. */
export async function guessableClients(clients: Pick<ClientReader, 'confidentialWith'>): Promise<string | undefined> {
  const found = await clients.confidentialWith('password')
  if (found.length === 0) return undefined
  const told = found.slice(0, MOST_NAMED)
  if (found.length > MOST_NAMED) told.push(`${found.length - MOST_NAMED} more`)
  return `Whoever guesses a person's password through ${told.join(', ')} keeps that person out there meanwhile: all users of such a client come from its address.`
}
