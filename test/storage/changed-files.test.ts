/**
 * The files of the database change under a running service: nothing that was acknowledged is lost, nobody who was disabled gets a
 * token, and it ends with a reason. In processes of their own, as SQLite's locks are those of a process.
 */
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { spawnService } from '../support/process.ts'
import { beside } from '../support/put-back.ts'
import { addAlice, password, secret, serve, temporaryFolder } from '../support/serve.ts'
import { notOnPostgres, select } from '../support/sqlite.ts'

if (notOnPostgres('about files')) t.bailout('about files')
t.jobs = 2

const client = ['web-app', secret] as const

/** A service with alice in a process of its own; `database(ending)` is one of its files. */
async function withAlice(t: Test) {
  const folder = temporaryFolder(t)
  const service = await spawnService(t, folder)
  const database = (ending = '') => join(folder, 'db', `signet.sqlite${ending}`)
  const add = ['clients', 'add', 'web-app', '--grant', 'password', '--grant', 'refresh_token']
  const done = async (words: readonly string[], input = '') => {
    const { code, stderr } = await service.cli(words, input)
    if (code !== 0) throw new Error(stderr)
  }
  await done([...add, '--audience', 'https://api.example.com', '--secret-stdin'], secret)
  await done(['users', 'add', 'alice', '--password-stdin'], password)
  const signIn = () => service.token({ grant_type: 'password', username: 'alice', password }, client)
  const { status, body } = await signIn()
  t.equal(status, 200)
  /** The service ends by itself, soon. */
  const ended = async () => {
    const pid = service.pid()
    while (isAlive(pid)) await new Promise(resolve => setImmediate(resolve))
    return service.stop()
  }
  return { ...service, folder, database, done, signIn, ended, refreshToken: String(body.refresh_token) }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

type Scene = Awaited<ReturnType<typeof withAlice>>

const folderOf = ({ folder }: Scene) => join(folder, 'db')

interface Change {
  readonly what: string
  readonly change: (scene: Scene) => void
  readonly says: RegExp
  /** What the operator is told to do before the next start. */
  readonly mend?: (scene: Scene) => void
}

const remove =
  (...endings: readonly string[]) =>
  ({ database }: Scene) => {
    for (const ending of endings) rmSync(database(ending))
  }

function useSaved({ database }: Scene, saved = '.saved'): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(database(ending), { force: true })
  renameSync(database(saved), database())
}

/** Each is undone by nothing, or by what the message says; then all that was acknowledged is there. */
const changes: readonly Change[] = [
  { what: '-shm is deleted', change: remove('-shm'), says: /-shm was deleted/ },
  { what: '-wal is deleted', change: remove('-wal'), says: /-wal was deleted.* was written to / },
  { what: '-wal and -shm are deleted', change: remove('-shm', '-wal'), says: /was deleted.* was written to / },
  {
    what: 'the database is deleted',
    change: remove(''),
    says: /signet\.sqlite was deleted.* All that this process knows of is in .*signet\.sqlite\.saved/,
    mend: useSaved,
  },
  {
    what: 'all three are deleted, and something was saved another time',
    change(scene) {
      writeFileSync(scene.database('.saved'), 'of another time')
      remove('', '-wal', '-shm')(scene)
    },
    says: /signet\.sqlite was deleted.* All that this process knows of is in .*signet\.sqlite\.saved\.2/,
    mend: scene => useSaved(scene, '.saved.2'),
  },
  {
    what: 'the folder is moved away',
    change: scene => renameSync(folderOf(scene), `${folderOf(scene)}.moved`),
    says: /signet\.sqlite was deleted/,
    mend: scene => renameSync(`${folderOf(scene)}.moved`, folderOf(scene)),
  },
  {
    what: 'the folder is exchanged for a copy',
    change(scene) {
      cpSync(folderOf(scene), `${folderOf(scene)}.copy`, { recursive: true })
      renameSync(folderOf(scene), `${folderOf(scene)}.moved`)
      renameSync(`${folderOf(scene)}.copy`, folderOf(scene))
    },
    says: /signet\.sqlite was replaced/,
  },
  {
    what: 'only the database is linked into a new folder',
    change(scene) {
      renameSync(folderOf(scene), `${folderOf(scene)}.moved`)
      mkdirSync(folderOf(scene), { mode: 0o700 })
      linkSync(join(`${folderOf(scene)}.moved`, 'signet.sqlite'), scene.database())
    },
    says: /was deleted.* was written to /,
  },
  {
    what: '-shm is exchanged',
    change({ database }) {
      cpSync(database('-shm'), database('-copy'))
      renameSync(database('-copy'), database('-shm'))
    },
    says: /-shm was replaced/,
  },
  {
    what: '-wal is exchanged',
    change({ database }) {
      cpSync(database('-wal'), database('-copy'))
      renameSync(database('-copy'), database('-wal'))
    },
    says: /-wal was replaced/,
    mend({ database, log }) {
      // Not when the command was faster than the service: what it wrote is in the new log alone.
      if (!/What was in the log was written to .* Move .*-wal and .*-shm away before the next start/.test(log())) return
      for (const ending of ['-wal', '-shm']) rmSync(database(ending), { force: true })
    },
  },
]

for (const { what, change, says, mend } of changes) {
  t.test(`${what}: the service ends, and what was acknowledged is there after the next start`, async t => {
    const scene = await withAlice(t)
    const rotated = await scene.token({ grant_type: 'refresh_token', refresh_token: scene.refreshToken }, client)
    t.equal(rotated.status, 200)
    await scene.done(['users', 'add', 'bob', '--password-stdin'], password)
    await scene.done(['users', 'disable', 'bob'])
    change(scene)
    // It says so on the way, before it notices by itself.
    const late = await scene.cli(['users', 'disable', 'alice'])
    t.equal(await scene.ended(), 1)
    t.match(scene.log(), says)
    t.match(scene.log(), /changed-files\.md/)
    mend?.(scene)
    await scene.start()
    const users = select(scene.database(), 'select username, status from users order by username')
    const alice = late.code === 0 ? 'disabled' : 'active'
    t.strictSame(users, [
      { username: 'alice', status: alice },
      { username: 'bob', status: 'disabled' },
    ])
    const again = await scene.token({ grant_type: 'refresh_token', refresh_token: rotated.body.refresh_token }, client)
    t.equal(again.status, alice === 'active' ? 200 : 400, `alice is ${alice}`)
    t.equal(await scene.stop(), 0)
  })
}

t.test('a command does not open a database whose log another process has lost', async t => {
  for (const endings of [['-shm'], ['-wal'], ['-shm', '-wal']]) {
    const scene = await withAlice(t)
    // It neither looks nor ends meanwhile.
    process.kill(scene.pid(), 'SIGSTOP')
    remove(...endings)(scene)
    const before = readdirSync(folderOf(scene))
    for (const words of [['users', 'disable', 'alice'], ['users', 'list'], ['doctor']]) {
      const { code, stdout, stderr } = await scene.cli(words)
      t.equal(code, 1)
      t.match(stdout + stderr, /^(PROBLEM {2}database: )?Another process uses .*signet\.sqlite, and .* was deleted/m)
    }
    t.strictSame(readdirSync(folderOf(scene)), before, 'nothing was made')
    process.kill(scene.pid(), 'SIGCONT')
    t.equal(await scene.ended(), 1)
    await scene.start()
    t.equal((await scene.signIn()).status, 200)
  }
})

t.test('a service whose files are gone is not ready, and refuses what it would have to write', async t => {
  const scene = await withAlice(t)
  remove('-shm')(scene)
  const [ready, answer] = await Promise.all([
    fetch(`${scene.management}/readyz`).then(({ status }) => status),
    scene.token({ grant_type: 'refresh_token', refresh_token: scene.refreshToken }, client),
  ])
  t.strictSame([ready, answer.status], [503, 503])
  t.equal(await scene.ended(), 1)
  await scene.start()
  const again = await scene.token({ grant_type: 'refresh_token', refresh_token: scene.refreshToken }, client)
  t.equal(again.status, 200, 'nothing was consumed')
})

t.test('a database that was deleted is not made anew beside its keys', async t => {
  const scene = await withAlice(t)
  await scene.stop()
  remove('')(scene)
  const { code, stderr } = await scene.cli(['serve'])
  t.equal(code, 1)
  t.match(stderr, /^The database is new, and the key directory belongs to another \(database_\w+\)/)
})

t.test('a log that was cut to nothing is noticed', async t => {
  const scene = await withAlice(t)
  truncateSync(scene.database('-wal'))
  t.equal(await scene.ended(), 1)
  t.match(scene.log(), /-wal was cut/)
})

t.test('-shm is deleted while much is in the log alone: nothing looks as if it was put back', async t => {
  const scene = await withAlice(t)
  await beside(scene.database(), database => database.pragma('wal_checkpoint(TRUNCATE)'))
  const rotated = await scene.token({ grant_type: 'refresh_token', refresh_token: scene.refreshToken }, client)
  remove('-shm')(scene)
  t.equal(await scene.ended(), 1)
  await scene.start()
  const again = await scene.token({ grant_type: 'refresh_token', refresh_token: rotated.body.refresh_token }, client)
  t.equal(again.status, 200)
})

t.test('a crashed service is copied with other modes: it serves, and all three are private', async t => {
  const scene = await withAlice(t)
  await scene.stop('SIGKILL')
  for (const ending of ['', '-wal', '-shm']) {
    writeFileSync(scene.database('-new'), readFileSync(scene.database(ending)), { mode: 0o644 })
    renameSync(scene.database('-new'), scene.database(ending))
  }
  for (let round = 0; round < 2; round += 1) {
    await scene.start()
    for (const ending of ['', '-wal', '-shm']) t.equal(statSync(scene.database(ending)).mode & 0o777, 0o600)
    await scene.stop('SIGKILL')
  }
})

t.test('what other programs commit is no copy that was put back, also where a log begins with it', async t => {
  const service = await serve(t)
  for (const text of ['create table theirs (a)', 'insert into theirs values (zeroblob(100000))', 'vacuum']) {
    await beside(service.databaseFile, database => {
      database.pragma('wal_checkpoint(TRUNCATE)')
      database.exec(text)
    })
    await service.lookAtFiles()
    t.notMatch(service.log(), /was overwritten/, text)
  }
  await addAlice(service)
  t.equal((await service.get('/.well-known/jwks.json')).status, 200)
})

t.test('what only looks, or copies, or links the files, changes nothing', async t => {
  const scene = await withAlice(t)
  const aside = temporaryFolder(t)
  cpSync(folderOf(scene), join(aside, 'copy'), { recursive: true })
  linkSync(scene.database(), join(aside, 'link'))
  for (const ending of ['', '-wal', '-shm']) t.ok(existsSync(scene.database(ending)))
  await scene.done(['users', 'disable', 'alice'])
  await scene.done(['users', 'enable', 'alice'])
  t.equal((await scene.signIn()).status, 200)
  t.equal(await scene.stop(), 0)
})
