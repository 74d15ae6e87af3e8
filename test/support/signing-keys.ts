/** Signing keys as the database, the key folder, the audit and the verifiers know them. */
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compactVerify, createLocalJWKSet } from 'jose'
import type { Test } from 'tap'
import { AUDIT_KEYS } from '../../src/keys/key-directory.ts'
import type { SigningKeyState } from '../../src/records/signing-key.ts'
import { type AuditRow, rowsOf } from './audit.ts'
import { commandLine } from './command-line.ts'
import { type Answer, environmentOf, type Service, serve, signIn } from './serve.ts'
import { everythingIn, select } from './sqlite.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** Of a key that signs no more: 12 h, the max-age of the JWKS and 5 min. */
export const RETIRING = 12 * HOUR + 10 * MINUTE

/** A row of the table signing_keys. */
export interface KeyRow {
  readonly kid: string
  readonly state: SigningKeyState
  readonly since_ms: number
  readonly cause: string
  readonly created_at_ms: number
  readonly activates_at_ms: number
  readonly rotation_asked_at_ms: number | null
  readonly retires_at_ms: number | null
}

type Where = Pick<Service, 'databaseFile' | 'folder'>

export const keysOf = ({ databaseFile }: Pick<Where, 'databaseFile'>): KeyRow[] =>
  select(databaseFile, 'select * from signing_keys order by rowid') as KeyRow[]

export const kidsIn = (where: Pick<Where, 'databaseFile'>, ...states: readonly SigningKeyState[]): string[] =>
  keysOf(where)
    .filter(({ state }) => states.includes(state))
    .map(({ kid }) => kid)

/** @throws when there is not exactly one key in this state */
export function keyIn(where: Pick<Where, 'databaseFile'>, state: SigningKeyState): KeyRow {
  const [key, ...more] = keysOf(where).filter(each => each.state === state)
  if (key === undefined || more.length > 0) throw new Error(`Not one ${state} key: ${JSON.stringify(keysOf(where))}`)
  return key
}

export function keyNamed(where: Pick<Where, 'databaseFile'>, kid: string): KeyRow {
  const key = keysOf(where).find(each => each.kid === kid)
  if (key === undefined) throw new Error(`There is no key ${kid}`)
  return key
}

/** Everything in the key folder that has to do with signing keys, prepared files too; what is there of the database and the audit's key are not of them. */
export const keyFilesIn = ({ folder }: Pick<Where, 'folder'>): string[] =>
  readdirSync(join(folder, 'keys'))
    .filter(name => !/\.(epoch|writes)$/.test(name) && name !== AUDIT_KEYS)
    .sort()

/** The files that there must be, and no other: of the key that signs and of the one that stands by. */
export const filesNeeded = (where: Pick<Where, 'databaseFile'>, extension: '.pem' | '.jwe' = '.pem'): string[] =>
  kidsIn(where, 'active', 'pending')
    .map(kid => `${kid}${extension}`)
    .sort()

/** The audit of signing keys in the order in which it was written. */
export const keyAuditOf = ({ databaseFile }: Pick<Where, 'databaseFile'>): AuditRow[] =>
  rowsOf(databaseFile).filter(({ type }) => type.startsWith('signing_key.'))

export const jwksOf = (service: Service, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  service.get('/.well-known/jwks.json', { headers })

export const publishedBy = async (service: Service): Promise<string[]> =>
  (await jwksOf(service)).body.keys.map(({ kid }: { kid: string }) => kid).sort()

/** The key by which a token verifies with this JWKS; undefined when there is none. What else is in the token is not looked at. */
export async function verifyingKid(token: string, jwks: Answer): Promise<string | undefined> {
  try {
    return (await compactVerify(token, createLocalJWKSet(jwks.body))).protectedHeader.kid
  } catch {
    return undefined
  }
}

/** The key that signs what the service issues, as whoever fetches the JWKS afterwards sees it. */
export async function signingKidOf(service: Service): Promise<string | undefined> {
  const { body } = await signIn(service)
  return verifyingKid(body.access_token, await jwksOf(service))
}

/** A folder in which a service was started and stopped before, with the files of its two keys. */
export async function startedBefore(t: Test, environment: Readonly<Record<string, string>> = {}) {
  const { folder, databaseFile, stop } = await serve(t, { environment })
  await stop()
  const names = readdirSync(join(folder, 'keys'))
  const fileOf = (state: SigningKeyState) => {
    const { kid } = keyIn({ databaseFile }, state)
    return join(folder, 'keys', names.find(name => name.startsWith(kid)) ?? `there is no file of ${kid}`)
  }
  return { folder, databaseFile, active: fileOf('active'), pending: fileOf('pending') }
}

export type StartedBefore = Awaited<ReturnType<typeof startedBefore>>

/** Every file of a folder with its mode and its content, to see that nothing was changed; what a service notes every second may. */
export const contentOf = (folder: string): readonly unknown[] => [
  lstatSync(folder).mode,
  ...readdirSync(folder)
    .sort()
    .map(name => {
      const [file, stat] = [join(folder, name), lstatSync(join(folder, name))]
      if (stat.isDirectory()) return [name, contentOf(file)]
      return [name, stat.mode, stat.isFile() && !name.endsWith('.writes') ? readFileSync(file, 'latin1') : undefined]
    }),
]

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly problem: string | null
}

/** What `signet doctor` finds wrong, under the names of its checks, when it has ended with 1 and changed nothing. */
export async function examine(
  t: Test,
  { folder, databaseFile }: Where,
  environment: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  const { run } = await commandLine(t, { ...(await environmentOf(folder)), ...environment })
  const everything = () => [contentOf(join(folder, 'keys')), everythingIn(databaseFile)]
  const before = everything()
  const { code, stdout, stderr } = await run(['doctor', '--json'])
  t.strictSame([code, stderr], [1, ''], 'doctor ends with 1')
  t.strictSame(everything(), before, 'doctor changes nothing')
  const { ok, findings }: { ok: boolean; findings: Finding[] } = JSON.parse(stdout)
  t.equal(ok, false)
  t.ok(findings.every(finding => finding.ok === (finding.problem === null)))
  return Object.fromEntries(findings.filter(finding => !finding.ok).map(({ check, problem }) => [check, problem ?? '']))
}

/** Starts once more in the same folder; what that is refused with, when it changed nothing. */
export async function refusedStart(
  t: Test,
  { folder, databaseFile }: Where,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const everything = () => [contentOf(join(folder, 'keys')), everythingIn(databaseFile)]
  const before = everything()
  const error: unknown = await serve(t, { folder, environment }).catch(thrown => thrown)
  if (!(error instanceof Error)) throw new Error('the service started')
  t.equal(error.name, 'KeyError', error.message)
  t.strictSame(everything(), before, 'a start that is refused changes nothing')
  return error.message
}
