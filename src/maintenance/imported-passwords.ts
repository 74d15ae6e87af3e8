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
    `${who} not signed in since the import, and the hash of the other system. Until then a refused sign-in takes as long as the dearest ` +
    `of these hashes, ${Math.max(1, Math.round(dearest))} times that of Signet. signet users list --imported names them.`
  )
}
