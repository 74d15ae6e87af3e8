/**
 * What a request has proved about who asks. A request may run again, when what it read was changed before its token was released: it
 * then reads again, and proves nothing twice, neither for its own time nor for whoever counts what fails.
 */

/** Does the proof once, and answers the same whenever it is asked again. */
export type Prove = <T>(what: 'client' | 'password' | 'refresh_token', proof: () => Promise<T>) => Promise<T>

export function createProofs(): Prove {
  const proved = new Map<string, Promise<unknown>>()
  return <T>(what: string, proof: () => Promise<T>): Promise<T> => {
    const known = proved.get(what) as Promise<T> | undefined
    if (known !== undefined) return known
    const made = proof()
    proved.set(what, made)
    return made
  }
}
