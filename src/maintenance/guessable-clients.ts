/** What it means that people sign in through clients that prove who they are: a mail, chat or network server. */
import type { SigningInClient } from '../records/client.ts'

/** More than these are told of by their number. */
const MOST_NAMED = 10

const named = (clients: readonly SigningInClient[]): string => {
  const names = clients.slice(0, MOST_NAMED).map(({ clientId }) => clientId)
  return [...names, ...(clients.length > MOST_NAMED ? [`${clients.length - MOST_NAMED} more`] : [])].join(', ')
}

/** What to know; undefined when there are none. */
export function guessableClients(found: readonly SigningInClient[]): string | undefined {
  if (found.length === 0) return undefined
  const silent = found.filter(({ forwardsAddress }) => forwardsAddress === null)
  const guesses = `Somebody who guesses a person's password through ${named(found)} also keeps that person out there for a while: an account has ten wrong guesses there, from anywhere. docs/accounts.md#throttling`
  if (silent.length === 0) return guesses
  return `${guesses} Sign-ins through ${named(silent)} show the client's own address, in the audit and in lists of sessions. To see where people are: signet clients update --forwards-address`
}
