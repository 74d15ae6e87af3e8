/** The signature of an assertion (RFC 7515 §5.2), by a key of whom it names. */
import { compactVerify } from 'jose/jws/compact/verify'
import type { Jwk } from '../../records/public-key.ts'
import { algorithmsOf, keyObjectOf, type PublicJwk } from '../../records/public-key.ts'
import type { Assertion } from './assertion.ts'
import type { AssertionProblem } from './outcome.ts'

/** Parsing a key costs as much as verifying with it. */
const parsed = new WeakMap<PublicJwk, ReturnType<typeof keyObjectOf>>()

function parse(jwk: PublicJwk): ReturnType<typeof keyObjectOf> {
  const key = parsed.get(jwk) ?? keyObjectOf(jwk)
  parsed.set(jwk, key)
  return key
}

/** RFC 7515 Appendix A.3. Verified with where there is no key, so that it costs as much. */
const nobodys: PublicJwk = {
  ...{ kty: 'EC', crv: 'P-256', alg: 'ES256' },
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}
const nobodysToken =
  'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ' +
  '.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'

/** No extension is understood here (RFC 7515 §4.1.11). */
const isPlain = (header: Jwk): boolean => !Object.hasOwn(header, 'crit') && !Object.hasOwn(header, 'b64')

async function verifies(token: string, key: PublicJwk): Promise<boolean> {
  try {
    // The algorithm is the key's, whatever the header says.
    await compactVerify(token, parse(key), { algorithms: [...algorithmsOf(key)] })
    return true
  } catch {
    return false
  }
}

/** With the key; undefined where there is none. */
export async function signatureProblem(
  { token, header }: Assertion,
  key: PublicJwk | undefined,
): Promise<AssertionProblem | undefined> {
  if (key === undefined) {
    await verifies(nobodysToken, nobodys)
    return 'unknown_key'
  }
  return (await verifies(token, key)) && isPlain(header) ? undefined : 'wrong_signature'
}
