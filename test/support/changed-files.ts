/** What changes the files of a database under a running service, and what the operator is told to do before the next start. */
import { cpSync, linkSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { untilEnded, withAlice } from './put-back.ts'
import { password, secret } from './serve.ts'
import { select } from './sqlite.ts'

const client = ['web-app', secret] as const

/** A service in a process of its own with alice, who is signed in; `database(ending)` is one of its files. */
export async function withSession(t: Test) {
  const scene = await withAlice(t)
  const add = ['clients', 'add', 'web-app', '--grant', 'password', '--grant', 'refresh_token']
  await scene.prepare([...add, '--audience', 'https://api.example.com', '--secret-stdin'], secret)
  const signIn = () => scene.token({ grant_type: 'password', username: 'alice', password }, client)
  const { status, body } = await signIn()
  t.equal(status, 200)
  return {
    ...scene,
    signIn,
    database: (ending = '') => scene.file + ending,
    databaseFolder: join(scene.folder, 'db'),
    refreshToken: String(body.refresh_token),
    refresh: (refreshToken: string) =>
      scene.token({ grant_type: 'refresh_token', refresh_token: refreshToken }, client),
    /** The service ends by itself, soon. */
    async ended() {
      await untilEnded(scene.pid())
      return scene.stop()
    },
  }
}

type Scene = Awaited<ReturnType<typeof withSession>>

export interface Change {
  readonly change: (scene: Scene) => void
  readonly says: RegExp
  readonly mend?: (scene: Scene) => void
}

export const remove =
  (...endings: readonly string[]) =>
  ({ database }: Scene): void => {
    for (const ending of endings) rmSync(database(ending))
  }

function useSaved({ database }: Scene, saved = '.saved'): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(database(ending), { force: true })
  renameSync(database(saved), database())
}

const exchange =
  (ending: string) =>
  ({ database }: Scene): void => {
    cpSync(database(ending), database('-copy'))
    renameSync(database('-copy'), database(ending))
  }

/** Each is undone by nothing, or by what the message says; then all that was acknowledged is there. */
export const changes = {
  '-shm is deleted': { change: remove('-shm'), says: /-shm was deleted/ },
  '-wal is deleted': { change: remove('-wal'), says: /-wal was deleted.* was written to / },
  '-wal and -shm are deleted': { change: remove('-shm', '-wal'), says: /was deleted.* was written to / },
  'the database is deleted': {
    change: remove(''),
    says: /signet\.sqlite was deleted.* All that this process knows of is in .*signet\.sqlite\.saved/,
    mend: useSaved,
  },
  'all three are deleted, and something was saved another time': {
    change(scene) {
      writeFileSync(scene.database('.saved'), 'of another time')
      remove('', '-wal', '-shm')(scene)
    },
    says: /signet\.sqlite was deleted.* All that this process knows of is in .*signet\.sqlite\.saved\.2/,
    mend: scene => useSaved(scene, '.saved.2'),
  },
  'the folder is moved away': {
    change: ({ databaseFolder }) => renameSync(databaseFolder, `${databaseFolder}.moved`),
    says: /signet\.sqlite was deleted/,
    mend: ({ databaseFolder }) => renameSync(`${databaseFolder}.moved`, databaseFolder),
  },
  'the folder is exchanged for a copy': {
    change({ databaseFolder }) {
      cpSync(databaseFolder, `${databaseFolder}.copy`, { recursive: true })
      renameSync(databaseFolder, `${databaseFolder}.moved`)
      renameSync(`${databaseFolder}.copy`, databaseFolder)
    },
    says: /signet\.sqlite was replaced/,
  },
  'only the database is linked into a new folder': {
    change({ database, databaseFolder }) {
      renameSync(databaseFolder, `${databaseFolder}.moved`)
      mkdirSync(databaseFolder, { mode: 0o700 })
      linkSync(join(`${databaseFolder}.moved`, 'signet.sqlite'), database())
    },
    says: /was deleted.* was written to /,
  },
  '-shm is exchanged': { change: exchange('-shm'), says: /-shm was replaced/ },
  '-wal is exchanged for a copy': { change: exchange('-wal'), says: /-wal was replaced/ },
  '-wal is exchanged for what it was before': {
    change({ database }) {
      cpSync(database('-wal'), database('-copy'))
      truncateSync(database('-copy'), 32)
      renameSync(database('-copy'), database('-wal'))
    },
    says: /-wal was replaced.* What was in the log was written to .* Move .*-wal and .*-shm away before the next start/,
    mend({ database }) {
      for (const ending of ['-wal', '-shm']) rmSync(database(ending), { force: true })
    },
  },
} satisfies Readonly<Record<string, Change>>

/** The service ends, and what was acknowledged is there after the next start. */
export async function assertNothingLost(t: Test, { change, says, mend }: Change): Promise<void> {
  const scene = await withSession(t)
  const rotated = await scene.refresh(scene.refreshToken)
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
  const alice = late.code === 0 ? 'disabled' : 'active'
  t.strictSame(select(scene.file, 'select username, status from users order by username'), [
    { username: 'alice', status: alice },
    { username: 'bob', status: 'disabled' },
  ])
  const again = await scene.refresh(rotated.body.refresh_token)
  t.equal(again.status, alice === 'active' ? 200 : 400, `alice is ${alice}`)
  t.equal(await scene.stop(), 0)
}
