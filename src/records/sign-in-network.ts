/** From which networks a user has signed in. */

export interface SignInNetwork {
  readonly network: string
  /** To the day. */
  readonly lastAtMs: number
}

export interface SignInNetworkReader {
  /** @param userId none of a user: there are none, in the same time */
  listOf(userId: string): Promise<readonly SignInNetwork[]>
}

export interface SignInNetworkStore extends SignInNetworkReader {
  /** Keeps the `most` with the latest sign-ins; those of the future count as of now. */
  record(userId: string, signIn: SignInNetwork, most: number): Promise<void>
  removeOf(userId: string): Promise<void>
}
