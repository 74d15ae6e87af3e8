/** Sessions without a sign-in, which would cost a password hash each: they are written as the service would have written them. */
import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { encodeRefreshToken, newRefreshToken, type RefreshToken } from '../../src/oauth/sessions/refresh-token.ts'
import { BLOCKS } from '../../src/oauth/status-list/index-allocation.ts'
import { orderedId, randomId, systemRandomness } from '../../src/randomness.ts'
import { hashOf } from '../../src/records/opaque-token.ts'
import type { NewSession } from '../../src/records/session.ts'
import type { StatusReference } from '../../src/records/status-list.ts'
import type { Database } from '../../src/storage/engine/database.ts'
import { openDatabase } from '../../src/storage/open-database.ts'
import type { Environment } from '../service.ts'

/** Entries of its list. */
const SIZE = 2 ** 20
const HOUR_MS = 3_600_000
/** A work on PostgreSQL must be over soon. */
const A_WRITE = 1000

interface Parties {
  readonly userId: string
  readonly clientId: string
}

/** Distinct indices all over half of a list, as if as many people had signed in meanwhile; the service claims from the other half. */
async function claimIndices(database: Database, count: number, nowMs: number): Promise<readonly StatusReference[]> {
  const [id, keepUntilMs] = [randomId(systemRandomness, 'list'), nowMs + 48 * HOUR_MS]
  await database.write(async ({ statusLists }) => {
    await statusLists.open({ id, openedAtMs: nowMs, size: SIZE, revision: 0, keepUntilMs })
    const opened = { afterMs: nowMs - HOUR_MS, untilMs: nowMs }
    for (let block = 0; block < BLOCKS / 2; block += 1) await statusLists.claimBlock(BLOCKS, opened)
  })
  const indices = new Set<number>()
  while (indices.size < count) indices.add(Math.floor((Math.random() * SIZE) / 2))
  return [...indices].map(index => ({ listId: id, index }))
}

/** Before the service has started. Answers their refresh tokens. */
export async function seedSessions(environment: Environment, count: number, parties: Parties): Promise<string[]> {
  const sources = { clock: systemClock, randomness: systemRandomness }
  const database = await openDatabase(readConfig(environment).database, sources)
  const nowMs = systemClock.now()
  const tokens = (await claimIndices(database, count, nowMs)).map(reference => ({
    reference,
    token: newRefreshToken(systemRandomness),
  }))
  for (let first = 0; first < tokens.length; first += A_WRITE)
    await database.write(async ({ sessions }) => {
      for (const { reference, token } of tokens.slice(first, first + A_WRITE))
        await sessions.insert(sessionOf(token, reference, parties, nowMs))
    })
  await database.close()
  return tokens.map(({ token }) => encodeRefreshToken(token))
}

const sessionOf = (
  { handle, secret }: RefreshToken,
  reference: StatusReference,
  parties: Parties,
  nowMs: number,
): NewSession => ({
  subjectId: parties.userId,
  clientId: parties.clientId,
  credentialId: null,
  id: orderedId(systemRandomness, nowMs, 'session'),
  scope: ['posts:read'],
  audiences: ['https://api.example.com'],
  authTimeSeconds: Math.floor(nowMs / 1000),
  createdAtMs: nowMs,
  expiresAtMs: nowMs + 48 * HOUR_MS,
  absoluteExpiresAtMs: nowMs + 48 * HOUR_MS,
  family: { handleHash: hashOf(handle), currentHash: hashOf(secret) },
  // As if each had an access token that has just been issued.
  status: { ...reference, leaveAtMs: nowMs + 24 * HOUR_MS, lastExpiryMs: nowMs + HOUR_MS },
  address: null,
  forwardedBy: null,
  userAgent: null,
})
