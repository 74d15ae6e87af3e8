import { isActive, type Standing, type StandingReader } from '../records/standing.ts'
import type { Stores } from '../records/unit-of-work.ts'

/**
 * The one gate in front of every token: both parties are active. A sign-in asks it inside the write that makes the session; a refresh
 * asks the same in its one statement, so that nobody slips through who was disabled a moment before.
 */
const mayReceiveTokens = (standing: Standing | undefined): standing is Standing =>
  standing !== undefined && isActive(standing.userStatus) && isActive(standing.clientStatus)

interface Parties {
  readonly userId: string
  readonly clientId: string
}

/** What was checked before the hashing and the signing took their time. */
interface Checked {
  readonly passwordId: string
  /** Raised by whatever happens to the client or to what it proves itself with. */
  readonly clientRevision: number
}

/** The gate as the protocol asks it. */
export const createGate = ({ standing }: { readonly standing: StandingReader }) => ({
  /** Inside the write that starts a session, with both parties locked: whether they may, and all is still as it was checked. */
  async maySignIn(stores: Stores, { userId, clientId, passwordId, clientRevision }: Parties & Checked) {
    const now = await stores.standing.lock(userId, clientId)
    return mayReceiveTokens(now) && now.passwordId === passwordId && now.clientRevision === clientRevision
  },
  /** Without a credential: whether what was given before is still good. */
  haveGoodStanding: async ({ userId, clientId }: Parties) => mayReceiveTokens(await standing.find(userId, clientId)),
})
