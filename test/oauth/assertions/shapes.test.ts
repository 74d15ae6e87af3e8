/** Tokens as real workloads have them, each exchanged for an access token by the real URL of its issuer. */
import t from 'tap'
import {
  addIssuer,
  addTrust,
  addWorker,
  jwtSpiffe,
  newKey,
  present,
  signed,
  type TestKey,
} from '../../support/assertions.ts'
import { claimsOf, serve } from '../../support/serve.ts'
import { type Shape, workloadShapes } from '../../support/workload-shapes.ts'

const documents = new Map<string, unknown>()
const fetch = () => async (uri: string) => {
  const document = documents.get(uri)
  if (document === undefined) throw new Error('It is away.')
  return new TextEncoder().encode(JSON.stringify(document))
}
const service = await serve(t, { faults: { fetch } })
/** One for each algorithm: to make an RSA key takes longer than all the rest. */
const keys = { RS256: newKey('RS256'), ES256: newKey('ES256'), ES384: newKey('ES384') }

/** The keys of an issuer as it publishes them, beside one that is for something else. */
function publish({ settings: { url }, keysAt, published }: Shape, { jwk }: TestKey, name: string): void {
  const { kid: _, ...certificate } = newKey().jwk
  const set = {
    keys: [
      { ...certificate, use: 'x509-svid', x5c: ['MIIB'] },
      { ...jwk, ...published },
    ],
    spiffe_sequence: 1,
  }
  const jwksUri = keysAt ?? `https://keys.example.com/${encodeURIComponent(name)}`
  documents.set(jwksUri, set)
  if (url)
    documents.set(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, { issuer: url, jwks_uri: jwksUri })
}

const other = (value: string) => `${value.slice(0, -1)}${value.endsWith('x') ? 'y' : 'x'}`
const shorter = (value: string) => value.slice(0, -1) || `${value}x`

for (const [name, shape] of Object.entries(workloadShapes))
  t.test(`a token of ${name}`, async t => {
    const key = keys[shape.alg]
    const issuer = name.replaceAll(/[^A-Za-z0-9]+/g, '-')
    publish(shape, key, name)
    await addIssuer(
      service,
      key,
      { ...(shape.keysAt !== 'file' && { keySource: { kind: 'discovery' } }), ...shape.settings },
      issuer,
    )
    const claims = shape.claims(Math.floor(Date.now() / 1000), shape.settings.audience ?? service.issuer)
    const token = await signed(key, claims, { typ: undefined, ...shape.header })
    let clients = 0
    /** What is answered to a client that trusts the issuer on these conditions. */
    async function answerOn(conditions: Shape['conditions'], more = {}) {
      clients += 1
      const clientId = `${issuer}-${clients}`
      const { client } = await addWorker(service, clientId)
      await addTrust(service, clientId, conditions, issuer)
      return { client, answer: await present(service, token, { client_id: clientId, ...more }) }
    }

    const { client, answer } = await answerOn(shape.conditions)
    t.equal(answer.status, 200, answer.text)
    t.equal(claimsOf(answer.body.access_token).sub, client.id)
    for (const [at, condition] of shape.conditions.entries())
      for (const value of [other(condition.value), shorter(condition.value)]) {
        const { answer } = await answerOn(shape.conditions.with(at, { ...condition, value }))
        t.match([answer.status, answer.body], [401, { error: 'invalid_client' }], `${condition.name}=${value}`)
      }
    if (shape.settings.trustDomain) {
      const { answer: asSvid } = await answerOn(shape.conditions, { client_assertion_type: jwtSpiffe })
      t.equal(asSvid.status, 200, 'under its own type')
    } else {
      const iss = `${claims['iss']}`.endsWith('/') ? `${claims['iss']}`.slice(0, -1) : `${claims['iss']}/`
      const elsewhere = await signed(key, { ...claims, iss }, { typ: undefined, ...shape.header })
      t.equal((await present(service, elsewhere, { client_id: `${issuer}-1` })).status, 401, 'a slash more or less')
    }
  })
