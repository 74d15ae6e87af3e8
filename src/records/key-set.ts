/** A JWK Set (RFC 7517 §5) or a SPIFFE bundle: its bad keys are left out, and the good ones beside them go on. */
import type { KeyLeftOut } from './fetched-keys.ts'
import { isObject, type KeyUse, kidOf, type PublicJwk, readPublicKey } from './public-key.ts'

export interface KeySet {
  readonly keys: readonly PublicJwk[]
  readonly leftOut: readonly KeyLeftOut[]
}

const MOST_KEYS = 100

const isNamed = (key: PublicJwk): boolean => key.kid !== undefined

function readKey(jwk: unknown, use: KeyUse): PublicJwk | KeyLeftOut {
  const kid = isObject(jwk) ? kidOf(jwk) : undefined
  const read = readPublicKey(jwk, use)
  if ('problem' in read) return { kid, ...read }
  return isNamed(read) ? read : { problem: 'It has no kid.' }
}

/** @throws Error when it is none */
export function readKeySet(value: unknown, use: KeyUse): KeySet {
  const jwks = isObject(value) ? value['keys'] : undefined
  if (!Array.isArray(jwks)) throw new Error('It is no JWK Set.')
  if (jwks.length > MOST_KEYS) throw new Error(`It has more than ${MOST_KEYS} keys.`)
  // A bundle has keys for another kind of document, too, and nobody need be told of them.
  const ours = jwks.filter(jwk => !(use === 'jwt-svid' && isObject(jwk) && jwk['use'] === 'x509-svid'))
  const read = ours.map(jwk => readKey(jwk, use))
  const good = read.filter((key): key is PublicJwk => !('problem' in key))
  const times = Map.groupBy(good, ({ kid }) => kid)
  const isOnce = ({ kid }: PublicJwk) => times.get(kid)?.length === 1
  const twice = good.filter(key => !isOnce(key)).map(({ kid }) => ({ kid, problem: 'Another key has the same kid.' }))
  const keys = good.filter(isOnce)
  const leftOut = [...read.filter(key => 'problem' in key), ...twice]
  return { keys, leftOut }
}
