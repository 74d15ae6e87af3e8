import { join } from 'node:path'
import type { Test } from 'tap'
import { environmentOf, temporaryFolder } from './environment.ts'

/** Where the files of a service that has never run will be, and its environment. */
export async function databaseIn(t: Test) {
  const folder = temporaryFolder(t)
  const environment = await environmentOf(folder)
  return { environment, folder, file: join(folder, 'db', 'signet.sqlite'), keys: join(folder, 'keys') }
}
