/** Public keys of clients (private_key_jwt): each act inside a write that has locked the client. */
import type { Clock } from '../clock.ts'
import { type Randomness, randomId } from '../randomness.ts'
import type { Provenance } from '../records/audit-event.ts'
import type { RegisteredClient } from '../records/client.ts'
import type { ClientKey, ClientKeySource } from '../records/client-key.ts'
import { holdsSecret, isObject, readPublicKey } from '../records/public-key.ts'
import type { Stores } from '../records/unit-of-work.ts'
import type { Cascades } from './cascades.ts'
import { AccountError, assertNoProblem, notFound } from './rules.ts'

const MOST_KEYS = 20

export const PUBLIC_HAS_NO_KEY = 'A public client has no key.'

export const keyCountProblem = (count: number): string | undefined =>
  count <= MOST_KEYS ? undefined : `A client has at most ${MOST_KEYS} keys: remove one that is no longer used first.`

/**
 * A public key of a JWK.
 * @throws AccountError invalid
 */
export function registeredKey(jwk: unknown): ClientKeySource {
  if (isObject(jwk) && holdsSecret(jwk))
    throw new AccountError(
      'invalid',
      'This is a private or symmetric key. Give the public half alone, and keep this one with the client.',
    )
  if (isObject(jwk) && Array.isArray(jwk['keys']))
    throw new AccountError('invalid', 'This is a JWK Set. Give one key, or a jwks_uri where the client publishes them.')
  const key = readPublicKey(jwk, 'sig')
  if ('problem' in key) throw new AccountError('invalid', `This is no public key that can be used. ${key.problem}`)
  return { jwk: key }
}

const numbers = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const

/** Two are one key whatever they are called. */
export function isSameSource(one: ClientKeySource, other: ClientKeySource): boolean {
  if ('jwksUri' in one || 'jwksUri' in other)
    return 'jwksUri' in one && 'jwksUri' in other && one.jwksUri === other.jwksUri
  return numbers.every(name => one.jwk[name] === other.jwk[name])
}

export function createClientKeys(dependencies: {
  readonly cascades: Pick<Cascades, 'end'>
  readonly clock: Clock
  readonly randomness: Randomness
  /** What is wrong with a URI to fetch from. */
  readonly uriProblem: (uri: string) => string | undefined
}) {
  const { cascades, clock, randomness, uriProblem } = dependencies
  return {
    async add(stores: Stores, client: RegisteredClient, source: ClientKeySource, by: Provenance): Promise<ClientKey> {
      if ('jwksUri' in source) assertNoProblem(uriProblem(source.jwksUri), 'jwks_uri')
      if (client.isPublic) throw new AccountError('conflict', PUBLIC_HAS_NO_KEY)
      const tooMany = keyCountProblem(client.keys.length + 1)
      if (tooMany !== undefined) throw new AccountError('limit_reached', tooMany)
      if (client.keys.some(key => isSameSource(key.source, source)))
        throw new AccountError('already_exists', 'The client has this key already.')
      const key: ClientKey = { id: randomId(randomness, 'jwk'), source, createdAtMs: clock.now(), lastUsedAtMs: null }
      await stores.credentials.insertKey(client.id, key)
      await stores.clients.raiseRevision(client.id)
      const event = { type: 'client.add_key', outcome: 'success', clientId: client.id } as const
      await stores.audit.append({ ...event, target: key.id, provenance: by })
      return key
    },

    /** Ends what the client got for itself with it, too. */
    async remove(stores: Stores, client: RegisteredClient, keyId: string, by: Provenance): Promise<void> {
      if (!client.keys.some(({ id }) => id === keyId)) throw notFound('key of this client')
      await stores.credentials.revoke(keyId, clock.now())
      await cascades.end(stores, { credentialId: keyId }, 'key_removed', by)
      await stores.clients.raiseRevision(client.id)
      const event = { type: 'client.remove_key', outcome: 'success', clientId: client.id } as const
      await stores.audit.append({ ...event, target: keyId, provenance: by })
    },
  }
}
