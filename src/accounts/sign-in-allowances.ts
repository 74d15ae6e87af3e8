/**
 * How many wrong passwords there may be, and of what each is counted: RFC 6749 §10.10, NIST SP 800-63B-4 §3.2.2. Waiting grows with
 * persistence, from minutes to an hour, and nothing is ever locked.
 */
import type { Allowance, Counter } from '../records/counters.ts'
import { hostNetworkOf, networkOf } from '../records/network.ts'
import { toldBy } from '../records/sign-in-network.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE

const growing = (name: string): readonly Allowance[] => [
  { name, points: 10, seconds: 5 * MINUTE },
  { name: `${name}_hour`, points: 30, seconds: HOUR },
]

const accountFromNetwork = growing('account_network')
const accountThroughClient = growing('account_client')
const network: Allowance = { name: 'network', points: 50, seconds: 5 * MINUTE }
const widerNetwork: Allowance = { name: 'wider_network', points: 200, seconds: 5 * MINUTE }
const account: Allowance = { name: 'account', points: 100, seconds: HOUR }

/** Of whoever comes from no address: as `hostNetworkOf` calls it. */
const UNKNOWN = hostNetworkOf('')

/** Those that begin with the place of an account. */
export const allowancesOfAccounts: readonly Allowance[] = [...accountFromNetwork, ...accountThroughClient, account]

/** What the counters of an account begin with. */
export const beginningOf = (place: string): string => `${place}:`

/**
 * Where an attempt comes from: a network, or a client that has proved who it is. Its users share its address, unless it forwards theirs,
 * which is believed about its own users and nobody else's.
 */
export type AttemptSource =
  | { readonly address: string | null }
  | { readonly clientId: string; readonly forwardedAddress: string | undefined }

/** A network as it is counted and known; undefined where there is none. Those that a client tells of are its own. */
export function networkIn(source: AttemptSource, networkFor = hostNetworkOf): string | undefined {
  if (!('clientId' in source)) return source.address === null ? undefined : networkFor(source.address)
  const { clientId, forwardedAddress } = source
  return forwardedAddress === undefined ? undefined : toldBy(clientId, networkFor(forwardedAddress))
}

export interface CountersOfAttempt {
  /** The account as it is tried from there. */
  readonly of: string
  /** A right password begins these anew. */
  readonly own: readonly Counter[]
  /** These are others', too: a right password only gives back what it took. */
  readonly shared: readonly Counter[]
  /** Of the whole account, where it is not known: others elsewhere must not keep it out where it has signed in. */
  readonly elsewhere: readonly Counter[]
}

/** From narrow to wide: whoever refuses, nobody wider hears of it. */
export function countersOf(place: string, source: AttemptSource): CountersOfAttempt {
  const beginning = beginningOf(place)
  const isThroughClient = 'clientId' in source
  const host = networkIn(source) ?? (isThroughClient ? undefined : UNKNOWN)
  const of = `${beginning}${isThroughClient ? source.clientId : host}`
  const own = (isThroughClient ? accountThroughClient : accountFromNetwork).map(allowance => ({ allowance, of }))
  if (host === undefined) return { of, own, shared: [], elsewhere: [] }
  return {
    of,
    own,
    shared: [
      { allowance: network, of: host },
      { allowance: widerNetwork, of: networkIn(source, networkOf) ?? UNKNOWN },
    ],
    elsewhere: [{ allowance: account, of: beginning }],
  }
}
