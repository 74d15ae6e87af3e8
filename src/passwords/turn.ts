/** On whose account a password check waits in the hashing lane. */
import type { Provenance } from '../records/audit-event.ts'
import { networkOf } from '../records/network.ts'

export interface Turn {
  /** Those with the same key share a turn. */
  readonly key: string
  /** How many of them may wait at once, at least 1. */
  readonly most: number
}

const MOST_OF_A_NETWORK = 2
/** All who sign in through it share its turn: a mail or chat server has one address. */
const MOST_OF_A_CLIENT = 8

/** Operators have processes, and so lanes, of their own: there is nobody whose place they could take. */
export const turnOfOperators: Turn = { key: 'operators', most: Number.POSITIVE_INFINITY }

/** Of what users do themselves, and of sign-ins through public clients, which anybody can say to be. */
export const turnOfNetwork = ({ address }: Provenance): Turn => ({
  key: networkOf(address ?? ''),
  most: MOST_OF_A_NETWORK,
})

/** Of a client that has proved who it is. @param clientId internal id */
export const turnOfClient = (clientId: string): Turn => ({ key: clientId, most: MOST_OF_A_CLIENT })

/** Of a sign-in. */
export const turnOfSignIn = (attempt: {
  /** Internal id of the client. */
  readonly clientId: string
  /** Whether the client has proved who it is. */
  readonly isConfidential: boolean
  readonly provenance: Provenance
}): Turn => (attempt.isConfidential ? turnOfClient(attempt.clientId) : turnOfNetwork(attempt.provenance))
