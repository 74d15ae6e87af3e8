/** Whose password hash is still another system's, and what that means for everybody else. */
import type { UserReader } from '../records/user.ts'

/** What to know; undefined when there are none. */
export async function importedPasswords(
  users: Pick<UserReader, 'countImportedHashes' | 'dearestHashCost'>,
): Promise<string | undefined> {
  const [count, dearest] = [await users.countImportedHashes(), await users.dearestHashCost()]
  if (dearest === undefined) return undefined
  const who = count === 1 ? '1 user still has' : `${count} users still have`
  return (
    `${who} the password hash of another system, which the next sign-in replaces. Until then every refused sign-in takes longer than ` +
    `the costliest of these checks, which is ${Math.max(1, Math.round(dearest))} times Signet's own. signet users list --imported names them.`
  )
}
