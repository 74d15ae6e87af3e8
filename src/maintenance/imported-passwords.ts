/** Whose password is still hashed as another system did it, and what that means for everybody else. */
import type { UserReader } from '../records/user.ts'

/** What to know; undefined when there are none. */
export async function importedPasswords(
  users: Pick<UserReader, 'countImportedHashes' | 'dearestHashCost'>,
): Promise<string | undefined> {
  const [count, dearest] = [await users.countImportedHashes(), await users.dearestHashCost()]
  if (dearest === undefined) return undefined
  const who = count === 1 ? '1 user has' : `${count} users have`
  return (
    `${who} the password hash of another system, and will until the next sign-in. Meanwhile every refused sign-in takes as long as ` +
    `a check of the dearest of these hashes, about ${Math.max(1, Math.round(dearest))} times that of a hash of Signet. ` +
    'signet users list --imported names them.'
  )
}
