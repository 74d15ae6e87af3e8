/** Assertions that were used: what may be used once, and what is told of once. */

export interface UsedAssertionStore {
  /** @returns false when it was used before. @param hash SHA-256 @param untilMs for how long it is remembered */
  use(hash: string, untilMs: number): Promise<boolean>
  /** Removes at most `limit` of those that are over, and answers how many. */
  removeExpired(nowMs: number, limit: number): Promise<number>
}
