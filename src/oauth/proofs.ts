/**
 * What a request has proved about who asks. A request may run again, when what it read was changed before its token was released: it
 * then reads again, and proves nothing twice, neither for its own time nor for whoever counts what fails.
 */

/** Does the proof once, and answers the same whenever it is asked again. */
export type Prove = <T extends object | string>(
  what: 'client' | 'password' | 'refresh_token' | 'limits',
  proof: () => T,
) => T

export function createProofs(): Prove {
  const proved = new Map<string, unknown>()
  return <T>(what: string, proof: () => T): T => {
    const known = proved.get(what) as T | undefined
    if (known !== undefined) return known
    const made = proof()
    proved.set(what, made)
    return made
  }
}

/** Something that the token depends on has changed since it was read. Nothing has happened: the request must look again. */
export class Moved extends Error {
  override readonly name = 'Moved'
}
