/** What was learnt of tokens and keys before. Bounded: what was not asked for the longest goes first. */
export interface RecentlyUsed<Value> {
  readonly get: (name: string) => Value | undefined
  readonly set: (name: string, value: Value) => void
  readonly delete: (name: string) => void
}

/**
 * Two generations: a full one becomes the old one, and what nobody asked for until the next is full is gone with it. That costs a
 * hit nothing, where a list in order of use would have to be put in order by each.
 * @param size values; 0 keeps none
 */
export function createRecentlyUsed<Value>(size: number): RecentlyUsed<Value> {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()

  function set(name: string, value: Value): void {
    if (size === 0) return
    if (young.size >= size / 2) {
      old = young
      young = new Map()
    }
    young.set(name, value)
  }

  return {
    get(name) {
      const found = young.get(name)
      if (found !== undefined) return found
      const survivor = old.get(name)
      if (survivor !== undefined) set(name, survivor)
      return survivor
    },
    set,
    delete(name) {
      young.delete(name)
      old.delete(name)
    },
  }
}
