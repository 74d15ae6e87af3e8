import { parse } from 'node:path'
import type { ServerIdentity } from './server-identity.ts'

/** A SQLite file, its path relative to the working directory or absolute, or the URL of a PostgreSQL database. */
export type DatabaseLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** Beside `signet.sqlite` it is `signet.throttling.sqlite`: what is counted of attempts, which no backup needs. */
export function countersFileOf(databaseFile: string): string {
  const { ext } = parse(databaseFile)
  return `${databaseFile.slice(0, databaseFile.length - ext.length)}.throttling${ext}`
}

/** Which database this is, and since which restore. */
export interface Instance {
  /** Random, and never changed. */
  readonly id: string
  /** Random, renewed at every restore; a file beside the keys has it, too. */
  readonly epoch: string
  /** When this copy was made by `signet backup`; null in the original. */
  readonly backedUpAtMs: number | null
  /** Of the server on which this is the original; null where there is none, or it does not tell. */
  readonly serverIdentity: ServerIdentity | null
  /** When it was last accepted as a restore; null: never. */
  readonly acceptedAtMs: number | null
}

export interface InstanceReader {
  find(): Promise<Instance | undefined>
}

export interface InstanceStore extends InstanceReader {
  /** Nothing when there is one already. */
  insert(instance: Instance): Promise<void>
  /** Begins a new epoch, in which this is the original. */
  renew(epoch: string, serverIdentity: ServerIdentity | null, acceptedAtMs: number | null): Promise<void>
  /**
   * This server has the original from now on.
   * @param before what was known of it until now; false when it is something else by now
   */
  moveTo(serverIdentity: ServerIdentity, before: ServerIdentity | null): Promise<boolean>
}
