import { PassThrough } from 'node:stream'
import t from 'tap'
import { createProgress } from '../../src/commands/progress.ts'
import { createTerminal } from '../../src/commands/terminal.ts'
import type { Faults } from '../../src/compose/sources.ts'
import { StorageUnavailable, type Stores, type Write } from '../../src/records/unit-of-work.ts'
import { commandLine } from '../support/command-line.ts'
import { hash, importing, linesOf } from '../support/importing.ts'
import { change } from '../support/sqlite.ts'

t.jobs = 2

const person = (username: string, more: object = {}) => ({ username, password_hash: hash, ...more })

t.test('the JSON that has begun is ended when the database goes away', async t => {
  const { environment } = await importing(t)
  let writes = 0
  const away: Faults['write'] = (write: Write) => work => {
    writes += 1
    return writes > 50 ? Promise.reject(new StorageUnavailable('The database is away.')) : write(work)
  }
  const { run } = await commandLine(t, environment, undefined, { write: away })
  const people = Array.from({ length: 60 }, (_, at) => person(`user ${at}`))
  const first = await run(['users', 'import', '-', '--json'], linesOf(people))
  t.match([first.code, first.stdout], [1, ''], 'nothing, when nothing was refused')
  t.match(first.stderr, /The database is away/)
  writes = 0
  const second = await run(['users', 'import', '-', '--json'], linesOf([person(''), ...people]))
  t.equal(second.code, 1)
  t.strictSame(JSON.parse(second.stdout), {
    refused: [{ line: 1, reason: 'There is no username.' }],
    stopped: true,
  })
})

t.test('whom another run over the same file adds at this moment is there already', async t => {
  const { environment, import: run, rows } = await importing(t)
  await run([person('ann', { user_id: '17' })])
  /** What it sees who looks before the other has committed. */
  const lookingTooEarly = (stores: Stores): Stores => {
    let looks = 0
    const findImported: Stores['users']['findImported'] = async digest => {
      looks += 1
      return looks === 1 ? undefined : stores.users.findImported(digest)
    }
    return { ...stores, users: { ...stores.users, findImported } }
  }
  const early = await commandLine(t, environment, undefined, {
    write: write => work => write(stores => work(lookingTooEarly(stores))),
  })
  const before = rows()
  const ran = await early.run(['users', 'import', '-', '--json'], linesOf([person('ann', { user_id: '17' })]))
  t.match([ran.code, JSON.parse(ran.stdout)], [0, { refused: [], added: 0, already_there: 1 }])
  const other = await early.run(['users', 'import', '-', '--json'], linesOf([person('ann', { user_id: '18' })]))
  t.match([other.code, JSON.parse(other.stdout).refused], [1, [{ line: 1 }]], 'another record is refused')
  t.strictSame(rows(), before)
})

t.test('what is under way at once is no more than a service beside waits for', async t => {
  const { environment, databaseFile } = await importing(t)
  const roles = Array.from({ length: 9 }, (_, at) => `role-${at}`)
  for (const role of roles) change(databaseFile, 'insert into roles (name, permissions) values (?, \'["a:b"]\')', role)
  let [underWay, most] = [0, 0]
  const { run } = await commandLine(t, environment, undefined, {
    write: write => async work => {
      underWay += 1
      most = Math.max(most, underWay)
      return write(work).finally(() => {
        underWay -= 1
      })
    },
  })
  const people = Array.from({ length: 60 }, (_, at) => person(`user ${at}`, { roles: at < 30 ? roles : [] }))
  const { code } = await run(['users', 'import', '-'], linesOf(people.slice(0, 30)))
  t.strictSame([code, most], [0, 10], 'twenty rows each')
  const { stdout } = await run(['users', 'import', '-'], linesOf(people))
  t.match(stdout, /^Added 30 people\n30 people had been added/)
})

t.test('a name of a role that can be none refuses its record, and is not repeated', async t => {
  const { refused } = await importing(t)
  const found = await refused([
    person('a', { roles: ['a\0b'] }),
    person('b', { roles: ['\ud800'] }),
    person('c', { roles: [hash] }),
    person('d', { roles: ['9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d'] }),
    person('e', { roles: ['a:role-2'] }),
  ])
  t.match(found, [
    /^1 A role name has/,
    /^2 A role name has/,
    /^3 One of the roles does not exist/,
    /^4 One of the roles does not exist/,
    /^5 There is no role a:role-2:/,
  ])
  t.notMatch(found.join('\n'), /\$2b|9b1deb4d|\0|\ud800/)
})

t.test('whoever reads the report may stop reading: the import goes on', { timeout: 60_000 }, async t => {
  const stdout = new PassThrough({ highWaterMark: 1 })
  const terminal = createTerminal({ stdin: new PassThrough(), stdout, stderr: new PassThrough(), isTTY: false })
  let written = 0
  await terminal.stream(
    (async function* () {
      for (const text of ['one', 'two', 'three']) {
        // While the first is waited for, and before the others.
        setImmediate(() => stdout.destroy())
        yield text
        written += 1
      }
    })(),
  )
  t.equal(written, 3)
})

t.test('the bar of a file that grows is full', t => {
  const stderr = Object.assign(new PassThrough(), { isTTY: true })
  createProgress(stderr).tell(7, 1.5)
  t.match(String(stderr.read()), /^\r\[#{40}\] 100 %, 7 done$/)
  t.end()
})
