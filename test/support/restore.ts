/** What operators do with backups, and what a service gave out, to see what is left of it after a restore. */
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { addClient } from './clients.ts'
import { commandLine } from './command-line.ts'
import { api, environmentOf, refresh, type Service, secret, serve, temporaryFolder } from './serve.ts'
import { jwksOf, kidsIn, publishedBy, verifyingKid } from './signing-keys.ts'
import { changeEach } from './sqlite.ts'
import { type Device, until, withAlice } from './status-list.ts'

/** A service with alice and a client that introspects, and the command line beside it. */
export async function toRestore(t: Test) {
  const service = await withAlice(t)
  await addClient(service, { clientId: 'resource', grants: [], scope: [], audiences: [], introspect: [api] })
  const operator = await commandLine(t, await environmentOf(service.folder))
  const backups = temporaryFolder(t)
  const file = join(backups, 'backup.sqlite')
  return { ...operator, service, file, backups, keysFolder: join(service.folder, 'keys') }
}

/** Accepts a restore, with each choice that there is. */
export const accepting = {
  keep: ['doctor', '--accept-restore', '--keep-credentials'],
  drop: ['doctor', '--accept-restore', '--drop-credentials'],
} as const

/** What whoever has put something back is told to run. */
export const advice = /run: signet doctor --accept-restore, .* docs\/runbooks\/restore\.md$/

/** Puts a copy in the place of a database that nobody uses, without the log of the one that was there. */
export function putBack(copy: string, { databaseFile }: Pick<Service, 'databaseFile'>): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(`${databaseFile}${ending}`, { force: true })
  cpSync(copy, databaseFile)
}

/** Revokes the key that signs, by command, and waits until the running service has followed. */
export async function revokeActiveKey(
  service: Service,
  json: (words: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const [kid = ''] = kidsIn(service, 'active')
  await json(['keys', 'revoke', kid, '--reason', 'test'])
  await until(async () => !(await publishedBy(service)).includes(kid))
}

/** Where tokens of a device still work; nowhere is `[]`. */
export async function worksAt(service: Service, { access, refreshToken }: Device): Promise<string[]> {
  const offline = await verifyingKid(access, await jwksOf(service))
  const ask = (token: string, client: readonly [string, string]) =>
    service.get('/oauth/introspect', { form: { token }, client })
  const places = {
    offline: offline !== undefined,
    'introspection of the access token': (await ask(access, ['resource', secret])).body.active,
    'introspection of the refresh token': (await ask(refreshToken, ['web-app', secret])).body.active,
    refresh: (await refresh(service, refreshToken)).status === 200,
  }
  return Object.entries(places).flatMap(([place, works]) => (works ? [place] : []))
}

/** The message with which a service refuses to start in this folder. @throws when it starts */
export async function refusal(t: Test, { folder }: Pick<Service, 'folder'>): Promise<string> {
  try {
    await serve(t, { folder })
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('It serves.')
}

export const epochFilesIn = (keysFolder: string): string[] =>
  readdirSync(keysFolder).filter(name => name.endsWith('.epoch'))

/** Secrets of a client, more than may be added one by one, as a version without that limit may have left them. */
export function giveSecrets({ databaseFile }: Pick<Service, 'databaseFile'>, clientId: string, count: number): void {
  const copied = 'owner_id, kind, hash'
  changeEach(
    databaseFile,
    `insert into credentials (id, name, created_at_ms, ${copied})
     select ?, ?, created_at_ms + ?, ${copied} from credentials
     where kind = 'client_secret' and name is null and owner_id = (select id from clients where client_id = ?)`,
    Array.from({ length: count }, (_, at) => [`secret_${clientId}_${at}`, `${at}`, 1_000_000 + at, clientId]),
  )
}
