import { isActive, type Standing, type StandingReader } from '../records/standing.ts'
import type { Stores } from '../records/unit-of-work.ts'

/**
 * The one gate in front of every token: both parties are active. What starts a session asks it inside the write that makes the row; what
 * goes on with one asks the same in its one statement, so that nobody slips through who was disabled a moment before.
 */
const mayReceiveTokens = (standing: Standing | undefined): standing is Standing =>
  standing !== undefined && isActive(standing.subjectStatus) && isActive(standing.clientStatus)

interface Parties {
  /** A user, or the internal id of a client. */
  readonly subjectId: string
  readonly clientId: string
}

/** What was checked before the hashing and the signing took their time. */
interface Checked {
  /** Undefined where no password was checked. */
  readonly passwordId: string | undefined
  /** Of a subject that is a client. */
  readonly subjectRevision: number | undefined
  /** Raised by whatever happens to the client or to what it proves itself with. */
  readonly clientRevision: number
}

/** The gate as the protocol asks it. */
export const createGate = ({ standing }: { readonly standing: StandingReader }) => ({
  /** Inside the write that starts a session, with both parties locked: whether they may, and all is still as it was checked. */
  async mayStart(stores: Stores, { subjectId, clientId, ...checked }: Parties & Checked) {
    const now = await stores.standing.lock(subjectId, clientId)
    if (!mayReceiveTokens(now)) return false
    const { passwordId = now.passwordId, subjectRevision, clientRevision } = checked
    return (
      now.passwordId === passwordId && now.subjectRevision === subjectRevision && now.clientRevision === clientRevision
    )
  },
  /** Without a credential: whether what was given before is still good. */
  haveGoodStanding: async ({ subjectId, clientId }: Parties) =>
    mayReceiveTokens(await standing.find(subjectId, clientId)),
})
