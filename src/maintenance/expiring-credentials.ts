/** Which credentials end soon, said in time for their successors to be made. */
import { type Clock, isoTime } from '../clock.ts'
import type { CredentialReader, LiveCredential } from '../records/credential.ts'
import { EXPIRES_SOON_SECONDS } from '../records/limits.ts'

const SOON_DAYS = EXPIRES_SOON_SECONDS / 86_400
/** More than these are told of by their number. */
const MOST_NAMED = 10
const MOST_COUNTED = 1000

const kinds = {
  client_secret: 'client secret',
  client_key: 'client key',
  client_trust: 'trust',
  api_key: 'API key',
} as const

function describe({ kind, id, name, username, clientId, expiresAtMs }: LiveCredential): string {
  const named = name === null ? id : `${JSON.stringify(name)} (${id})`
  return `${kinds[kind]} ${named} of ${username ?? clientId} on ${isoTime(expiresAtMs ?? 0)}`
}

/** What to warn of; undefined when nothing ends soon. */
export async function expiringCredentials(
  credentials: Pick<CredentialReader, 'listExpiring'>,
  clock: Clock,
): Promise<string | undefined> {
  const nowMs = clock.now()
  const found = await credentials.listExpiring(nowMs, nowMs + EXPIRES_SOON_SECONDS * 1000, MOST_COUNTED)
  if (found.length === 0) return undefined
  const count = found.length === MOST_COUNTED ? `${MOST_COUNTED} or more` : found.length
  const expire = found.length === 1 ? 'expires' : 'expire'
  const unnamed = found.length - MOST_NAMED
  const told = found.slice(0, MOST_NAMED).map(describe)
  if (unnamed > 0) told.push(`and ${unnamed} more`)
  return `${count} ${expire} within ${SOON_DAYS} days: ${told.join('; ')}. Give their owners new ones in time: docs/runbooks/stolen-client-secret.md`
}
