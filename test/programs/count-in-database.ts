/** Adds to the counter in a SQLite database, a write at a time: FILE TIMES. Each total is printed when it is durable. */
import { systemClock } from '../../src/clock.ts'
import { systemRandomness } from '../../src/randomness.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import { untilAllAreReady } from '../support/together.ts'

const [path = '', times = ''] = process.argv.slice(2)
await untilAllAreReady()

const database = await openDatabase({ kind: 'sqlite', path }, { clock: systemClock, randomness: systemRandomness })
await database.migrate()
for (let index = 0; index < Number(times); index += 1) {
  const total = await database.write(async ({ roles }) => {
    await roles.insert({ name: 'counter', permissions: ['0'] })
    const next = Number((await roles.find('counter'))?.permissions[0]) + 1
    await roles.setPermissions('counter', [String(next)])
    return next
  })
  process.stdout.write(`${total}\n`)
}
await database.close()
