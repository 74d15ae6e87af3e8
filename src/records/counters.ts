/** Counters of attempts: so many in so much time, and each is counted before it is made. */

export interface Allowance {
  /** Of the counters that share it, as metrics and the keys of the store say it. */
  readonly name: string
  /** How many attempts there may be in a window. */
  readonly points: number
  /** How long a window lasts that began with the first attempt. */
  readonly seconds: number
}

export interface Counter {
  readonly allowance: Allowance
  /** What is counted, without a name that anybody typed. */
  readonly of: string
}

/** Which allowance is used up, and after how many whole seconds the window is over. */
export interface UsedUp {
  readonly allowance: Allowance
  readonly retryAfterSeconds: number
}

/** A point that was taken, and when the window in which it was is over. */
export interface TakenPoint extends Counter {
  readonly untilMs: number
}

/** When the store is away, counting goes on in memory: none of these fails because of that. */
export interface Counters {
  /** Takes a point of each, in their order, or none: then it answers which is used up. */
  take(counters: readonly Counter[]): Promise<{ readonly points: readonly TakenPoint[] } | { readonly usedUp: UsedUp }>
  /** For an attempt that does not count after all. A window that began meanwhile is left as it is. */
  giveBack(points: readonly TakenPoint[]): Promise<void>
  /** Begins new windows. */
  reset(counters: readonly Counter[]): Promise<void>
  /** Takes nothing. */
  look(counter: Counter): Promise<UsedUp | undefined>
  /**
   * Forgets every counter of an allowance of which what is counted begins so.
   * @throws StorageUnavailable
   */
  forget(allowance: Allowance, beginning: string): Promise<void>
  /** Removes at most `limit` whose windows are over, and answers how many. @throws StorageUnavailable */
  removeOver(nowMs: number, limit: number): Promise<number>
}

/** Nothing was looked at: it may be tried again after `retryAfterSeconds` whole seconds. */
export class TooManyAttempts extends Error {
  override readonly name = 'TooManyAttempts'
  readonly retryAfterSeconds: number

  constructor({ retryAfterSeconds }: Pick<UsedUp, 'retryAfterSeconds'>) {
    super('Too many attempts. Try again after the time in Retry-After.')
    this.retryAfterSeconds = retryAfterSeconds
  }
}
