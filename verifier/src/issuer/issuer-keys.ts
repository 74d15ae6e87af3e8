/** The issuer's keys, kept fresh. */
import type { Environment, Report } from '../environment.ts'
import { type KeyLeftOut, type KeySet, readKeySet, type VerificationKey } from '../jose/jwk-set.ts'
import type { KeySource } from '../jose/jws.ts'
import type { SignatureAlgorithm } from '../jose/signature-algorithm.ts'
import { TokenError } from '../token-error.ts'
import type { MetadataSource } from './metadata.ts'
import { createPolledDocument, type PolledDocument } from './polled-document.ts'

/** Unknown kids cause no more than one fetch in this time, however many there are. */
const COOLDOWN_MS = 10_000

/** To search for a key is to fetch all of them again, if that was not done just now. */
export interface Keys extends KeySource, Pick<PolledDocument<KeySet>, 'refresh' | 'ageMs' | 'health'> {}

const nameOf = ({ kid, problem }: KeyLeftOut): string => JSON.stringify([kid, problem])

export function createKeys(
  metadata: Pick<MetadataSource, 'read'>,
  algorithms: readonly SignatureAlgorithm[],
  environment: Environment,
  report: Report,
): Keys {
  const document = createPolledDocument<KeySet>(
    {
      name: 'keys',
      accept: 'application/json',
      locate: async () => (await metadata.read()).jwksUri,
      read(body, held) {
        const set = readKeySet(body, algorithms, held)
        const known = new Set(held?.leftOut.map(nameOf))
        for (const key of set.leftOut) if (!known.has(nameOf(key))) report({ type: 'key_left_out', ...key })
        return set
      },
    },
    environment,
    report,
  )
  let searchedAt = Number.NEGATIVE_INFINITY

  const find = (kid: string): VerificationKey | undefined => document.value()?.keys.get(kid)

  function mayFetch(): boolean {
    if (environment.elapsed() - searchedAt < COOLDOWN_MS) return false
    searchedAt = environment.elapsed()
    return true
  }

  return {
    refresh: document.refresh,
    ageMs: document.ageMs,
    health: document.health,
    find,
    async search(kid) {
      if (document.isRefreshing() || mayFetch()) await document.refresh()
      const key = find(kid)
      if (key !== undefined) return key
      if (document.value() === undefined) throw new TokenError('unavailable', 'The keys of the issuer are unavailable.')
      throw new TokenError('unknown_key', 'The issuer has no usable key of the name that the token gives.')
    },
  }
}
