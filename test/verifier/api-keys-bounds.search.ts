/** However many keys there are, what is remembered of them is bounded: what was not asked for the longest goes first. */
import { createVerifier } from '@signet/verifier'
import { type Test, test } from 'tap'
import { apiKey } from '../support/exchanging-issuer.ts'
import { startIssuer } from '../support/issuer.ts'
import { api } from '../support/serve.ts'
import { outcomeOf, testEnvironment } from '../support/verifier-environment.ts'

const MAX_KEYS = 10_000

/** A token endpoint without a network, that says the same to every key. */
async function exchangingFast(t: Test, status: 200 | 400) {
  let saying = status
  const environment = testEnvironment()
  const issuer = await startIssuer(t, { now: environment.now })
  issuer.publishMetadata({ token_endpoint: 'https://login.example.com/oauth/token' })
  const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
  const token = { access_token: issuer.token(), issued_token_type, token_type: 'Bearer', expires_in: 300 }
  let calls = 0
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (init?.method !== 'POST') return environment.fetch(input, init)
    calls += 1
    return Response.json(saying === 200 ? token : { error: 'invalid_request' }, { status: saying })
  }
  const verifier = createVerifier({ issuer: issuer.issuer, audience: api }, { ...environment, fetch })
  t.teardown(() => verifier.close())
  await verifier.ready()
  const keys = verifier.apiKeys({ clientId: 'posts-api' })
  return {
    outcome: (number: number) => outcomeOf({ ...verifier, verify: keys.verify }, apiKey(number)),
    calls: () => calls,
    environment,
    refuse: () => {
      saying = 400
    },
  }
}

for (const [title, status, expected] of [
  ['good keys', 200, 'accepted'],
  ['refused keys', 400, 'invalid_api_key'],
] as const)
  test(`${title} are remembered until ${MAX_KEYS} others have come`, async t => {
    const { outcome, calls } = await exchangingFast(t, status)
    const others = async (from: number, count: number) => {
      for (let number = from; number < from + count; number += 1)
        if ((await outcome(number)) !== expected) t.fail(`${number}`)
    }
    await others(0, MAX_KEYS / 2)
    t.equal(calls(), MAX_KEYS / 2)
    await others(0, MAX_KEYS / 2)
    t.equal(calls(), MAX_KEYS / 2, 'all are remembered')
    await others(MAX_KEYS / 2, MAX_KEYS)
    t.equal(calls(), 1.5 * MAX_KEYS)
    await outcome(1.5 * MAX_KEYS - 1)
    t.equal(calls(), 1.5 * MAX_KEYS, 'the last is remembered')
    await outcome(0)
    t.equal(calls(), 1.5 * MAX_KEYS + 1, 'the first is not')
  })

test('a key that is refused is forgotten, however long it has been known', async t => {
  const { environment, outcome, refuse } = await exchangingFast(t, 200)
  for (let number = 0; number <= MAX_KEYS / 2; number += 1) await outcome(number)
  refuse()
  environment.pass(631_000)
  t.equal(await outcome(0), 'invalid_api_key')
  // Its token would be good again.
  environment.setClock(-631_000)
  t.equal(await outcome(0), 'invalid_api_key')
})
