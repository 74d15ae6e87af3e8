/** What is known of tokens that were verified before, by the whole token. Bounded: what was not asked for the longest goes first. */
export interface TokenCache<Value> {
  readonly get: (token: string) => Value | undefined
  readonly set: (token: string, value: Value) => void
}

/**
 * Two generations: a full one becomes the old one, and what nobody asked for until the next is full is gone with it. That costs a
 * hit nothing, where a list in order of use would have to be put in order by each.
 * @param size tokens; 0 keeps none
 */
export function createTokenCache<Value>(size: number): TokenCache<Value> {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()

  function set(token: string, value: Value): void {
    if (size === 0) return
    if (young.size >= size / 2) {
      old = young
      young = new Map()
    }
    young.set(token, value)
  }

  return {
    get(token) {
      const found = young.get(token)
      if (found !== undefined) return found
      const survivor = old.get(token)
      if (survivor !== undefined) set(token, survivor)
      return survivor
    },
    set,
  }
}
