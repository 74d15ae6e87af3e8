import { globSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const here = fileURLToPath(new URL('.', import.meta.url))

t.test('every folder with tests has a room of its name, in which npm test runs them', async t => {
  const folders = new Set(globSync('**/*.test.ts', { cwd: here, exclude: ['**/node_modules'] }).map(dirname))
  folders.delete('.')
  const rooms = readdirSync(new URL('rooms', import.meta.url)).map(name => name.replace(/^1-|\.ts$/g, ''))
  t.strictSame([...folders].sort(), rooms.filter(room => !['across', 'races-on-postgres'].includes(room)).sort())
})
