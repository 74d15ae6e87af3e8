/** An empty database, and the records that the conformance checks store in it. */
import type { Test } from 'tap'
import type { ApiKey } from '../../../src/records/api-key.ts'
import type { RegisteredClient } from '../../../src/records/client.ts'
import type { Credential } from '../../../src/records/credential.ts'
import type { Batch, NewSession } from '../../../src/records/session.ts'
import type { HeldStatus, SessionStatus } from '../../../src/records/status-list.ts'
import type { Stores } from '../../../src/records/unit-of-work.ts'
import type { User } from '../../../src/records/user.ts'
import type { Database } from '../../../src/storage/engine/database.ts'
import type { TestClock } from '../../support/clock.ts'

/** An empty database of a case's own. */
export interface EmptyDatabase extends Database {
  /** The clock that was handed in. */
  readonly clock: TestClock
  /** Runs a statement past the stores, to look at what they do not show. */
  query(text: string): Promise<readonly Record<string, unknown>[]>
  /** Runs the migrations up to this one, as the program did that ended with it. */
  migrateTo(name: string): Promise<void>
}

export interface Engine {
  readonly name: string
  /** Whose clock measures the time since a rotation. */
  readonly graceClock: 'injected' | 'database'
  /** Opens an empty database without a schema, and closes it after the case. */
  open(t: Test): Promise<EmptyDatabase>
  /** The same with the schema, which stays as it is: another case may find it. */
  openMigrated(t: Test): Promise<EmptyDatabase>
}

export const openMigrated = (t: Test, engine: Engine): Promise<EmptyDatabase> => engine.openMigrated(t)

/** More than any case stores. */
export const ALL = 100

/** Later than 2^31 in seconds and far beyond it in milliseconds: a 32-bit column can't hold either. */
export const farSeconds = 2 ** 33 + 1
export const farMs = farSeconds * 1000 + 7

export const userOf = (name: string, more: Partial<User> = {}): User & { readonly usernameKey: string } => ({
  userId: `user_${name}`,
  username: name,
  usernameKey: name.toLowerCase(),
  status: 'active',
  passwordHash: `hash-of-${name}`,
  passwordId: `password_of-${name}`,
  createdAtMs: farMs,
  ...more,
})

/** A user as it is read: the key under which it is found is not part of it. */
export const asRead = ({ usernameKey: _, ...user }: ReturnType<typeof userOf>): User => user

export const clientOf = (clientId: string, more: Partial<RegisteredClient> = {}): RegisteredClient => ({
  id: `client_${clientId}`,
  clientId,
  status: 'active',
  isPublic: false,
  grants: ['password', 'refresh_token'],
  scope: ['posts:read'],
  audiences: ['https://api.example.com'],
  origins: [],
  introspect: [],
  accessTokenTtlSeconds: null,
  grantsPerMinute: null,
  mayGrant: [],
  forwardsAddress: null,
  ...{ secrets: [], keys: [], trusts: [] },
  createdAtMs: farMs,
  revision: 0,
  ...more,
})

export const secretOf = (name: string, more: Partial<Credential> = {}): Credential => ({
  id: `secret_${name}`,
  name,
  hash: `hash-of-${name}`,
  createdAtMs: farMs,
  expiresAtMs: null,
  lastUsedAtMs: null,
  ...more,
})

export const apiKeyOf = (name: string, more: Partial<ApiKey> = {}): ApiKey => ({
  id: `key_${name}`,
  ownerId: 'user_alice',
  name,
  hash: `hash-of-${name}`,
  scope: ['posts:read', 'posts:write'],
  audiences: ['https://api.example.com'],
  createdAtMs: farMs,
  expiresAtMs: null,
  revokedAtMs: null,
  lastUsedAtMs: null,
  lastUsedAddress: null,
  ...more,
})

/** Its secrets are rows of their own. */
export async function insertClient({ clients, credentials }: Stores, client: RegisteredClient): Promise<boolean> {
  const isNew = await clients.insert(client)
  if (isNew) for (const secret of client.secrets) await credentials.insert(client.id, 'client_secret', secret)
  return isNew
}

export const statusOf = (index: number, more: Partial<SessionStatus> = {}): SessionStatus => ({
  listId: 'list-1',
  index,
  leaveAtMs: farMs + 3000,
  lastExpiryMs: farMs + 500,
  ...more,
})

/** What the row of a new session holds. */
export const holds = (status: SessionStatus): HeldStatus => ({ current: status, previousStatus: undefined })

/** A row whose index was taken away. */
export const nothing: HeldStatus = { current: undefined, previousStatus: undefined }

/** All that a filter finds. */
export const all: Batch = { afterId: '', limit: 1000 }

/** A session of alice through web-app. */
export const sessionOf = (name: string, more: Partial<NewSession> = {}): NewSession => ({
  id: `session_${name}`,
  subjectId: 'user_alice',
  clientId: 'client_web-app',
  credentialId: null,
  scope: ['posts:read', 'posts:write'],
  audiences: ['https://api.example.com', 'https://files.example.com'],
  authTimeSeconds: farSeconds,
  createdAtMs: farMs,
  expiresAtMs: farMs + 1000,
  absoluteExpiresAtMs: farMs + 2000,
  family: { handleHash: `handle-${name}`, currentHash: `first-${name}` },
  status: statusOf(1),
  address: '2001:db8::1',
  forwardedBy: '10.0.0.5',
  userAgent: 'Browser/1 “x”',
  ...more,
})

/** Alice and bob, web-app and spa: whom sessions belong to. */
export async function insertParties({ write }: Pick<EmptyDatabase, 'write'>): Promise<void> {
  await write(async ({ users, clients }) => {
    await users.insert(userOf('alice'))
    await users.insert(userOf('bob'))
    await clients.insert(clientOf('web-app'))
    await clients.insert(clientOf('spa'))
  })
}

export async function openWithParties(t: Test, engine: Engine): Promise<EmptyDatabase> {
  const database = await openMigrated(t, engine)
  await insertParties(database)
  return database
}

class Undone extends Error {}

/** What the work answers, of which nothing stays: so many cases can begin with the same database. */
export async function undone<T>(
  { write }: Pick<EmptyDatabase, 'write'>,
  work: (stores: Stores) => Promise<T>,
): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  const undoing = write(async stores => {
    resolve(await work(stores))
    throw new Undone()
  })
  await undoing.catch(error => {
    if (!(error instanceof Undone)) throw error
  })
  return promise
}
