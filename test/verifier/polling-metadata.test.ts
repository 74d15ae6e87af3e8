/** How a verifier that knows the issuer's URL finds the rest (RFC 8414). */
import { test } from 'tap'
import { type Json, startIssuer } from '../support/issuer.ts'
import { POLL_MS, simulated } from '../support/simulated-verifier.ts'

test('the metadata of an issuer with a path lies before that path (RFC 8414 §3.1)', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t, { path: '/login' })
  publishBits('1', 0b10)
  const { outcome } = start()
  await environment.idle()
  t.equal(issuer.requests[0]?.path, '/.well-known/oauth-authorization-server/login')
  t.equal(await outcome(tokenOf('1', 0)), 'accepted')
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
})

test('metadata counts only if it is of this issuer, and names nothing that is fetched in the clear over a network', async t => {
  const stranger = 'http://example.com/jwks.json'
  const bad: readonly (readonly [Json, RegExp])[] = [
    [{ issuer: 'https://example.com' }, /of another issuer/],
    [{ issuer: undefined }, /of another issuer/],
    [{ jwks_uri: stranger }, /jwks_uri/],
    [{ jwks_uri: 'ftp://127.0.0.1/jwks.json' }, /jwks_uri/],
    [{ jwks_uri: undefined }, /jwks_uri/],
    [{ jwks_uri: '/jwks.json' }, /jwks_uri/],
    [{ status_list_aggregation_endpoint: stranger }, /status_list_aggregation_endpoint/],
    [{ status_list_aggregation_endpoint: null }, /status_list_aggregation_endpoint/],
  ]
  for (const [members, problem] of bad) {
    const { environment, issuer, start } = await simulated(t)
    issuer.publishMetadata(members)
    const { outcome, events, verifier } = start()
    await environment.idle()
    t.equal(await outcome(issuer.token()), 'unavailable')
    t.equal(environment.sent(), issuer.requests.length, 'nobody else was asked')
    t.notOk(issuer.requests.some(({ path }) => path === issuer.jwksPath || path === issuer.listsPath))
    t.match(events, [
      { type: 'outage', document: 'metadata', problem },
      { type: 'outage', document: 'keys', problem },
    ])
    t.match(verifier.health(), { status: 'unavailable', keys: { problem } })

    issuer.publishMetadata()
    await environment.advance(POLL_MS)
    t.equal(await outcome(issuer.token()), 'accepted', 'until it is mended')
  }
})

test('keys may lie on another host', async t => {
  const { environment, issuer, start } = await simulated(t)
  const other = await startIssuer(t)
  other.publishKeys([issuer.key.jwk])
  issuer.publishMetadata({ jwks_uri: `${other.issuer}${other.jwksPath}` })
  const { outcome } = start()
  await environment.idle()
  t.equal(await outcome(issuer.token()), 'accepted')
  t.equal(issuer.countOf(issuer.jwksPath), 0)
})

test('an issuer need not say where its status lists are: then they are found by the tokens', async t => {
  const { environment, issuer, start, tokenOf, publishBits } = await simulated(t)
  issuer.publishMetadata({ status_list_aggregation_endpoint: undefined })
  publishBits('1', 0b10)
  const { outcome, verifier, events } = start()
  await verifier.ready()
  t.equal(await outcome(tokenOf('1', 1)), 'revoked')
  t.equal(await outcome(tokenOf('1', 0)), 'accepted')
  await environment.advance(POLL_MS)
  t.equal(issuer.countOf(`${issuer.listsPath}/1`), 2)
  t.equal(issuer.countOf(issuer.listsPath), 0)
  t.strictSame([verifier.health().status, events], ['ok', []])
})
