import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const here = fileURLToPath(new URL('.', import.meta.url))

t.test('every folder with tests is in one room, in which npm test runs them', async t => {
  const folders = new Set(globSync('**/*.test.ts', { cwd: here, exclude: ['**/node_modules'] }).map(dirname))
  const inRooms = globSync('rooms/*.ts', { cwd: here }).flatMap(room =>
    [...readFileSync(new URL(room, import.meta.url), 'utf8').matchAll(/filesIn\('(.*?)'\)/g)].map(
      ([, folder]) => folder || '.',
    ),
  )
  t.strictSame(inRooms.sort(), [...folders].sort())
})
