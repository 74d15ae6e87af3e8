/**
 * A room: the test files of a folder, one after the other in one process, so that Node, the sources and what the compiler made of
 * them are there once. Each file is a test of its own, which is what it gets as `tap`: what it started is stopped at its end, and
 * its `jobs` are its own. A file that is run by itself knows nothing of rooms.
 */
import { readdirSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { isOnPostgres } from './environment.ts'

const tests = new URL('../', import.meta.url)
const tapOfFile = new URL('test-of-file.ts', import.meta.url).href
const domains = new URL('domains.ts', import.meta.url).href
const LONGEST_FILE_MS = 300_000

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context
    const ours = (url: string) => ({ url, format: 'module-typescript', shortCircuit: true })
    if (specifier === 'async-hook-domain') return ours(domains)
    if (specifier === 'tap' && /\.(test|search)\.ts$/.test(parentURL))
      return ours(`${tapOfFile}?${encodeURIComponent(parentURL)}`)
    return next(specifier, context)
  },
})
const { default: root } = await import('tap')

let current: Test = root

/** The test of the file that is being read. */
export const testOfFile = (): Test => current

/** A search tries every order in which two can meet, or all that a limit lets: on PostgreSQL beside the tests, on SQLite in the soak. */
const kinds = isOnPostgres() ? /\.(test|search)\.ts$/ : /\.test\.ts$/

/** The test files of a folder below test/, in their order; '' is test/ itself. */
export const filesIn = (folder: string): string[] =>
  readdirSync(new URL(`./${folder}`, tests))
    .filter(name => kinds.test(name))
    .sort()
    .map(name => `${folder}/${name}`.replace(/^\//, ''))

/** Runs these files of test/. */
export async function runRoom(files: readonly string[]): Promise<void> {
  for (const file of files)
    await root.test(file, { timeout: LONGEST_FILE_MS }, async t => {
      current = t
      await import(fileURLToPath(new URL(file, tests)))
    })
}
