/** What can't be a key is refused without a call: by its form, and by its checksum. */
import { test } from 'tap'
import { exchanging } from '../support/api-keys.ts'
import { withChecksum } from '../support/checksum.ts'
import { apiKey } from '../support/exchanging-issuer.ts'

const malformed = { code: 'invalid_api_key', message: 'The API key is malformed.' }

test('a key whose checksum was made elsewhere is a key', async t => {
  const { outcomeOf, reply, grant } = await exchanging(t)
  // By zlib.crc32 of Python; the third one begins with a zero.
  const keys = [
    `signet_key_${'0'.repeat(32)}_${'0'.repeat(64)}d836259f`,
    `signet_key_${'0123456789abcdef'.repeat(2)}_${'0123456789abcdef'.repeat(4)}4ee6635b`,
    `signet_key_${'0'.repeat(32)}_${'0'.repeat(62)}22040e2631`,
  ]
  for (const key of keys) {
    reply(key, () => grant())
    t.match(await outcomeOf(key), { code: 'accepted' })
  }
})

test('whatever is changed in a key, at any place, is refused without a call', async t => {
  const { outcomeOf, calls } = await exchanging(t)
  const key = apiKey()
  const changes: Readonly<Record<string, (at: number) => string>> = {
    'another digit': at => replaced(at, key[at] === '1' ? '2' : '1'),
    'in upper case': at => replaced(at, key.charAt(at).toUpperCase()),
    'a digit less': at => replaced(at, ''),
    'a digit twice': at => replaced(at, key.charAt(at).repeat(2)),
    'a space': at => replaced(at, ' '),
    'cut off there': at => key.slice(0, at),
    'begun behind it': at => key.slice(at + 1),
    'with the next one before it': at => key.slice(0, at) + key.charAt(at + 1) + key.charAt(at) + key.slice(at + 2),
  }
  function replaced(at: number, by: string): string {
    return key.slice(0, at) + by + key.slice(at + 1)
  }
  for (const [title, change] of Object.entries(changes)) {
    const others = Array.from(key, (_, at) => change(at)).filter(changed => changed !== key)
    const outcomes = await Promise.all(others.map(changed => outcomeOf(changed)))
    t.ok(outcomes.length > 20 && outcomes.every(({ message }) => message === malformed.message), title)
  }
  t.strictSame(calls, [])
})

test('a checksum that is right does not make up for another form', async t => {
  const { outcomeOf, calls } = await exchanging(t)
  const [id, secret] = ['0'.repeat(32), 'a'.repeat(64)]
  for (const body of [
    `signet_key_${id}_${secret.toUpperCase()}`,
    `signet_key_${id}_${secret}a`,
    `signet_key_${id}_${secret.slice(1)}`,
    `signet_key_${id}${secret}`,
    `signet_kez_${id}_${secret}`,
    `${id}_${secret}`,
    '',
  ])
    t.match(await outcomeOf(withChecksum(body)), malformed)
  t.strictSame(calls, [])
})

test('what is no key at all is refused without a call', async t => {
  const { outcomeOf, calls, issuer } = await exchanging(t)
  const key = apiKey()
  for (const text of [
    '',
    ' ',
    'x',
    issuer.token(),
    `${key}\n`,
    ` ${key}`,
    `${key},${key}`,
    `Bearer ${key}`,
    `${key}\0`,
  ])
    t.match(await outcomeOf(text), malformed)
  for (const value of [undefined, null, 7, {}, [key], { toString: () => key }, new String(key)])
    t.match(await outcomeOf(value as string), malformed)
  t.strictSame(calls, [])
})
