/** What every migration says of itself. */
import { readdirSync } from 'node:fs'
import t from 'tap'

const folder = new URL('../../db/migrations/', import.meta.url)

t.test('each migration says whether older programs can go on after it', async t => {
  const names = readdirSync(folder)
  t.ok(names.length >= 11)
  for (const name of names) {
    const { breaking, description } = await import(new URL(name, folder).href)
    t.type(breaking, 'boolean', name)
    if (name > '0004') t.type(description, 'string', name)
  }
})
