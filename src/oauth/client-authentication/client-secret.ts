/** What the methods with a client secret share: the comparison with those that are stored (RFC 6749 §2.3.1). */
import { timingSafeEqual } from 'node:crypto'
import type { Client } from '../../records/client.ts'
import type { Credential } from '../../records/credential.ts'
import { hashOf } from '../../records/opaque-token.ts'
import type { Outcome, PresentedSecret, Proof } from './method.ts'

/** Compared with when there is no secret to compare with, so that an unknown client costs the same. */
const nobodysSecret: Credential = {
  id: '',
  name: null,
  hash: hashOf(''),
  createdAtMs: 0,
  expiresAtMs: 0,
  lastUsedAtMs: null,
}

const endOf = ({ expiresAtMs }: Credential): number => expiresAtMs ?? Number.POSITIVE_INFINITY

/** Each of the one with each of the other, whatever was found before. */
function matching(secrets: readonly Credential[], presented: readonly Buffer[]): readonly Credential[] {
  const candidates = secrets.length > 0 ? secrets : [nobodysSecret]
  return candidates.filter(secret => {
    const stored = Buffer.from(secret.hash)
    return presented.filter(digest => timingSafeEqual(stored, digest)).length > 0
  })
}

function proofBy(secret: Credential): Proof {
  return {
    credential: secret,
    holdsUntil(client) {
      const now = client.secrets.find(({ id }) => id === secret.id)
      return now && endOf(now)
    },
  }
}

/**
 * A client that presents a secret.
 * @param readings the secret as it was sent, then in every other form in which it may have been meant; equal ones count once
 */
export function presentedSecret(clientId: string, readings: readonly string[]): PresentedSecret {
  return {
    clientId,
    kind: 'secret',
    secret: readings[0] ?? '',
    prove(client: Client | undefined, nowMs: number): Outcome {
      const presented = [...new Set(readings)].map(reading => Buffer.from(hashOf(reading)))
      const good = matching(client?.secrets ?? [], presented).find(secret => endOf(secret) > nowMs)
      return good === undefined || client?.isPublic ? { problem: 'wrong_secret' } : proofBy(good)
    },
  }
}
