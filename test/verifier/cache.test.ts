import type { AccessTokenClaims } from '@signet/verifier'
import t from 'tap'
import { testBench } from '../support/hostile-tokens.ts'
import { createSigningKey } from '../support/issuer.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const POLL_MS = 5_000

t.test('a token that differs in one character, anywhere, is not the one that is known', async t => {
  const { issuer, verifier, verdict } = await testBench(t)
  const token = issuer.token()
  const claims = await verifier.verify(token)
  t.equal(await verifier.verify(token), claims, 'it is known')

  const changes: Readonly<Record<string, (at: number) => string>> = {
    'another letter': at => replaced(at, ALPHABET[(ALPHABET.indexOf(token.charAt(at)) + 1) % 64]),
    'another letter, far off': at => replaced(at, ALPHABET[(ALPHABET.indexOf(token.charAt(at)) + 33) % 64]),
    'a letter in the other case': at => replaced(at, otherCase(token.charAt(at))),
    'a character with the same low byte': at => replaced(at, String.fromCharCode(token.charCodeAt(at) + 0x100)),
    'a space in its place': at => replaced(at, ' '),
    'a character less': at => replaced(at, ''),
    'a character twice': at => replaced(at, token.charAt(at).repeat(2)),
    'a dot more': at => replaced(at, `${token.charAt(at)}.`),
    'cut off there': at => token.slice(0, at),
    'begun there': at => token.slice(at + 1),
  }
  function replaced(at: number, by = ''): string {
    return token.slice(0, at) + by + token.slice(at + 1)
  }

  for (const [title, change] of Object.entries(changes)) {
    const passed: number[] = []
    for (let at = 0; at < token.length; at += 1) {
      const changed = change(at)
      if (changed !== token && (await verdict(changed)) === 'accepted') passed.push(at)
    }
    t.same(passed, [], `${title}: refused at each of the ${token.length} characters`)
  }
  t.equal(await verifier.verify(token), claims, 'it is still known')
})

const otherCase = (letter: string): string =>
  letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()

t.test('what is no string is not known either, though it reads like a token that is', async t => {
  const { issuer, verifier, refuses } = await testBench(t)
  const token = issuer.token()
  await verifier.verify(token)

  await refuses('malformed', {
    'a String': new String(token),
    'an array': [token],
    'an object': { toString: () => token },
  })
})

t.test('a token that is known is refused from the moment its key has left the set', async t => {
  const { issuer, environment, verdict } = await testBench(t)
  const other = await createSigningKey()
  const token = issuer.token()
  t.equal(await verdict(token), 'accepted')

  issuer.publishKeys([other.jwk])
  await environment.advance(POLL_MS)
  t.equal(await verdict(token), 'unknown_key')
  t.equal(await verdict(issuer.token({}, {}, other)), 'accepted')

  issuer.publishKeys([issuer.key.jwk])
  await environment.advance(POLL_MS)
  t.equal(await verdict(token), 'accepted', 'and passes again when the key is back')
})

t.test('a token that is known is refused when its kid is that of another key by now', async t => {
  const { issuer, environment, verdict } = await testBench(t)
  const { jwk, kid } = issuer.key
  const other = await createSigningKey()
  const token = issuer.token()
  t.equal(await verdict(token), 'accepted')

  issuer.publishKeys([{ ...other.jwk, kid }])
  await environment.advance(POLL_MS)
  t.equal(await verdict(token), 'bad_signature')

  for (const [title, keys] of Object.entries({
    'is no longer for signatures': [{ ...jwk, use: 'enc' }, other.jwk],
    'is there twice': [jwk, jwk, other.jwk],
  })) {
    issuer.publishKeys([jwk])
    await environment.advance(POLL_MS)
    t.equal(await verdict(token), 'accepted', 'its own key is back')
    issuer.publishKeys(keys)
    await environment.advance(POLL_MS)
    t.equal(await verdict(token), 'unknown_key', `its key ${title}`)
  }
})

t.test('a token stays known as long as its key is published, whatever is published beside it', async t => {
  const { issuer, verifier, environment } = await testBench(t)
  const token = issuer.token()
  const claims = await verifier.verify(token)

  const other = await createSigningKey()
  issuer.publishKeys([other.jwk, issuer.key.jwk])
  await environment.advance(POLL_MS)
  t.equal(await verifier.verify(token), claims)
})

t.test('a token that is known is refused as soon as its list says so', async t => {
  const { issuer, environment, verdict } = await testBench(t)
  const token = issuer.token({ status: { status_list: { idx: 3, uri: issuer.listUri('1') } } })
  issuer.publishList('1', issuer.statusList('1', Buffer.from([0])))
  t.equal(await verdict(token), 'accepted')

  await environment.advance(1000)
  issuer.publishList('1', issuer.statusList('1', Buffer.from([0b1000])))
  await environment.advance(POLL_MS)
  t.equal(await verdict(token), 'revoked')
})

t.test('no more tokens are remembered than cacheSize says, and those in use among them', async t => {
  const cacheSize = 20
  const { issuer, verifier } = await testBench(t, { cacheSize })
  const tokens = Array.from({ length: 10 * cacheSize }, (_, number) => issuer.token({ jti: `token_${number}` }))
  const inUse = issuer.token({ jti: 'in use' })

  const first = new Map<string, AccessTokenClaims>()
  const claimsInUse = await verifier.verify(inUse)
  let isForgotten = false
  for (const token of tokens) {
    first.set(token, await verifier.verify(token))
    isForgotten ||= (await verifier.verify(inUse)) !== claimsInUse
  }
  t.notOk(isForgotten, 'what is in use stays known')

  // The last ones first, so that what is remembered anew drives nothing out that is still to be counted.
  const known: boolean[] = []
  for (const token of tokens.toReversed()) known.push((await verifier.verify(token)) === first.get(token))
  const count = known.filter(Boolean).length
  t.ok(count < cacheSize, `${count} were known beside the one in use`)
  t.ok(count >= cacheSize / 2 - 1, 'and the last ones were')
  t.same(known.slice(0, count), Array(count).fill(true), 'none of which is older than one that was forgotten')
})

t.test('with a cacheSize of 0 nothing is remembered', async t => {
  const { issuer, verifier } = await testBench(t, { cacheSize: 0 })
  const token = issuer.token()
  const claims = await verifier.verify(token)

  t.not(await verifier.verify(token), claims)
  t.same(await verifier.verify(token), claims)
})
