import type { InstanceReader } from '../records/instance.ts'
import type { EpochFile } from './epoch-file.ts'

/** Where keys are in the database there is nothing beside it that could be of another time: what the database says is the epoch. */
export const epochInDatabase = (instance: InstanceReader): EpochFile => ({
  read: async () => (await instance.find())?.epoch,
  write: async () => undefined,
  readWrites: async () => undefined,
  beginWrites: async () => undefined,
  noteWrites: async () => undefined,
  forget: async () => undefined,
  databases: async () => [],
})
