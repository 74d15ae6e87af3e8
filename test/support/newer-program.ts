/** The program as a later release will be: this one, with one more migration. */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { folderOnDisk } from './environment.ts'

const checkout = fileURLToPath(new URL('../../', import.meta.url))

/** What a step that breaks nothing may do: columns that may be missing, tables and indices of its own. */
const expanding = (breaking: boolean) => `
export const description = 'what a later release needs'
export const breaking = ${breaking}
export async function up(db) {
  for (const table of ['users', 'roles', 'clients', 'credentials', 'sessions', 'cascades', 'signing_keys', 'status_lists', 'audit_events'])
    await db.schema.alterTable(table).addColumn('added_later', 'text', column => column.defaultTo('later')).execute()
  await db.schema.createTable('things').addColumn('id', 'text', column => column.primaryKey()).execute()
}
`

export const NEWER_STEP = '9000-later'

/** Answers the file that starts it, as src/signet.mjs starts this one. */
export function newerProgram(t: Test, breaking = false): string {
  const folder = folderOnDisk(t)
  mkdirSync(join(folder, 'db'))
  for (const part of ['src', 'db/migrations', 'package.json'])
    cpSync(join(checkout, part), join(folder, part), { recursive: true })
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'db', 'migrations', `${NEWER_STEP}.ts`), expanding(breaking))
  return join(folder, 'src', 'signet.mjs')
}
