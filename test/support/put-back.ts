/** Copies of a SQLite database in use, as tools make them and as operators put them back. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Test } from 'tap'
import { readLog } from '../../src/storage/engine/sqlite/log.ts'
import { spawnService } from './process.ts'
import { password, temporaryFolder } from './serve.ts'
import { select } from './sqlite.ts'
import { until } from './status-list.ts'

/** What other programs do with the database beside the service. */
export async function beside<T>(file: string, act: (database: Sqlite.Database) => T | Promise<T>): Promise<T> {
  const database = new Sqlite(file, { timeout: 5000 })
  try {
    return await act(database)
  } finally {
    database.close()
  }
}

type Copy = (file: string, copy: string) => Promise<void> | void

export const copies: Readonly<Record<string, Copy>> = {
  // As `sqlite3 .backup` does.
  'the backup of SQLite': (file, copy) => beside(file, async database => void (await database.backup(copy))),
  'VACUUM INTO': (file, copy) => beside(file, database => void database.prepare('vacuum into ?').run(copy)),
  // As Litestream and sqlite3_rsync make them.
  'a copy page by page': (file, copy) => beside(file, database => writeFileSync(copy, database.serialize())),
}

/** Each puts a copy in the place of the database and leaves what lies beside it. */
export const waysBack: Readonly<Record<string, (copy: string, file: string) => void>> = {
  cp: copyFileSync,
  'cp -a': (copy, file) => cpSync(copy, file, { preserveTimestamps: true, force: true }),
  mv: (copy, file) => {
    copyFileSync(copy, `${file}-put`)
    renameSync(`${file}-put`, file)
  },
  'a hard link': (copy, file) => {
    copyFileSync(copy, `${file}-put`)
    rmSync(file)
    linkSync(`${file}-put`, file)
  },
}

export const refused =
  /^The log .*signet\.sqlite-wal does not belong to .*signet\.sqlite: .* cp COPY .*signet\.sqlite\b/m

export async function withAlice(t: Test) {
  const folder = temporaryFolder(t)
  const service = await spawnService(t, folder)
  const file = join(folder, 'db', 'signet.sqlite')
  const done = async (words: readonly string[], input = '') => {
    const { code, stdout, stderr } = await service.cli(words, input)
    if (code !== 0) throw new Error(stdout + stderr)
  }
  await service.prepare(['users', 'add', 'alice', '--password-stdin'], password)
  const keysFolder = join(folder, 'keys')
  return { ...service, folder, file, keysFolder, copy: join(temporaryFolder(t), 'copy.sqlite'), done }
}

export type PutBackScene = Awaited<ReturnType<typeof withAlice>>

/** What happens between the copy and the crash: the log of then has more than the copy, or has begun anew since. */
export const meanwhile: Readonly<Record<string, (scene: PutBackScene) => Promise<unknown>>> = {
  'the log went on': async () => {},
  'an act, and the log began anew': async ({ file, done }) => {
    await done(['roles', 'add', 'editor', '--permission', 'a:b'])
    await beside(file, database => database.pragma('wal_checkpoint(TRUNCATE)'))
  },
  'the service was started again': async scene => {
    await scene.stop()
    await scene.start()
  },
}

export const messageOfStart = (scene: PutBackScene): Promise<string> =>
  scene.start().then(
    () => 'It serves.',
    (error: Error) => error.message,
  )

/** Neither commands nor a service work, and the remedy of the message does. */
export async function assertRefused(t: Test, scene: PutBackScene): Promise<void> {
  const { file, copy, cli, done } = scene
  t.match(await messageOfStart(scene), refused)
  for (const words of [
    ['users', 'list'],
    ['doctor', '--accept-restore', '--keep-credentials'],
    ['doctor', '--restored'],
  ]) {
    const { code, stdout, stderr } = await cli(words)
    t.equal(code, 1, words.join(' '))
    t.match(stdout + stderr, refused)
  }
  t.ok(existsSync(`${file}-wal`), 'the log is kept')
  for (const ending of ['', '-wal', '-shm'])
    if (existsSync(file + ending)) renameSync(file + ending, `${file}-aside${ending}`)
  copyFileSync(copy, file)
  t.match(await messageOfStart(scene), /was put back/, 'the copy alone is known to be one')
  await done(['doctor', '--accept-restore', '--keep-credentials'])
  await scene.start()
  t.strictSame(select(file, 'select username, status from users'), [{ username: 'alice', status: 'active' }])
  t.equal(await scene.stop(), 0)
}

/** Until the keys know how many writes the database has seen, which a service notes every second. */
export const untilNoted = ({ file, keysFolder }: PutBackScene): Promise<void> =>
  until(async () => {
    const [name = ''] = readdirSync(keysFolder).filter(each => each.endsWith('.writes'))
    // Whoever opens the log as root changes its times, which tell what was put back.
    return Number(readFileSync(join(keysFolder, name), 'utf8')) === readLog(`${file}-wal`)?.commits.at(-1)?.number.count
  })

/** The service ends by itself. */
export const untilEnded = (pid: number): Promise<void> => until(async () => !isAlive(pid))

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
