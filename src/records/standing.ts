/** Whether users and clients may still do what they do. */

/** Of a user or a client. What is deleted never comes back; its name may. */
export type Status = (typeof statuses)[number]

export const statuses = ['active', 'disabled', 'deleted'] as const

export const isActive = (status: Status): boolean => status === 'active'

/** What is stored of the two parties to a token at this moment. */
export interface Standing {
  readonly subjectStatus: Status
  /** Undefined for a client. */
  readonly passwordId: string | undefined
  /** Undefined for a user. */
  readonly subjectRevision: number | undefined
  readonly clientStatus: Status
  readonly clientRevision: number
}

export interface StandingReader {
  /** @param subjectId a user, or the internal id of a client */
  find(subjectId: string, clientId: string): Promise<Standing | undefined>
}

export interface StandingStore extends StandingReader {
  /** The same, with both rows locked against change until the transaction ends: a user before the client, two clients by their ids. */
  lock(subjectId: string, clientId: string): Promise<Standing | undefined>
}
