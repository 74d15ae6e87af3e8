/** From which networks a user has signed in. */

export interface SignInNetwork {
  readonly network: string
  /** To the day. */
  readonly lastAtMs: number
}

export interface SignInNetworkReader {
  /** @param usernameKey if nobody has the name there are none, in the same time */
  listOf(usernameKey: string): Promise<readonly SignInNetwork[]>
}

export interface SignInNetworkStore extends SignInNetworkReader {
  /** Keeps the `most` with the latest sign-ins; those of the future count as of now. */
  record(userId: string, signIn: SignInNetwork, most: number): Promise<void>
  removeOf(userId: string): Promise<void>
}
