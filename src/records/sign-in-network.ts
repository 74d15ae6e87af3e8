/** From which networks a user has signed in. */

/** A network that a client tells of is known as that client's, and where anybody else is concerned it is not known. */
export const toldBy = (clientId: string, network: string): string => `${clientId} ${network}`

/** The internal id of the client that told of it; undefined of a network that was seen. */
export const tellerOf = (network: string): string | undefined => /^(\S+) /.exec(network)?.[1]

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
  /** Keeps the `most` with the latest sign-ins of those that the same client tells of, or that were seen; those of the future count as of now. */
  record(userId: string, signIn: SignInNetwork, most: number): Promise<void>
  removeOf(userId: string): Promise<void>
  /** Those without a sign-in since then, `limit` at most. @returns how many */
  removeUnused(beforeMs: number, limit: number): Promise<number>
}
