/** A SQLite file, its path relative to the working directory or absolute, or the URL of a PostgreSQL database. */
export type DatabaseLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** Which database this is, and since which restore. */
export interface Instance {
  /** Random, and never changed. */
  readonly id: string
  /** Random, renewed at every restore; a file beside the keys has it, too. */
  readonly epoch: string
  /** When this copy was made by `signet backup`; null in the original. */
  readonly backedUpAtMs: number | null
}

export interface InstanceReader {
  find(): Promise<Instance | undefined>
}

export interface InstanceStore extends InstanceReader {
  /** Nothing when there is one already. */
  insert(instance: Instance): Promise<void>
  /** Begins a new epoch, in which this is the original. */
  renew(epoch: string): Promise<void>
}
