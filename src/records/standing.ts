/** Whether users and clients may still do what they do. */

/** Of a user or a client. What is deleted never comes back; its name may. */
export type Status = 'active' | 'disabled' | 'deleted'

export const isActive = (status: Status): boolean => status === 'active'

/** What is stored of the two parties to a token at this moment. */
export interface Standing {
  readonly userStatus: Status
  readonly passwordId: string
  readonly clientStatus: Status
  readonly clientRevision: number
}

export interface StandingReader {
  find(userId: string, clientId: string): Promise<Standing | undefined>
}

export interface StandingStore extends StandingReader {
  /** The same, with both rows locked against change until the transaction ends: the user, then the client. */
  lock(userId: string, clientId: string): Promise<Standing | undefined>
}
