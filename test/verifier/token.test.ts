import t, { type Test } from 'tap'
import { type Cases, claimsOf, headerOf, signBytes, testBench, titled } from '../support/hostile-tokens.ts'
import { encode, type Issuer, type Json, signParts } from '../support/issuer.ts'

/** Changes to a part that lenient decoders read over: they get the same bytes out of it. */
const decorations: Readonly<Record<string, (part: string) => string>> = {
  'padding of one character': part => `${part}=`,
  'padding of two characters': part => `${part}==`,
  'a whole group of padding': part => `${part}====`,
  'padding within': part => `${part.slice(0, 4)}=${part.slice(4)}`,
  'a space before': part => ` ${part}`,
  'a space behind': part => `${part} `,
  'a space within': part => `${part.slice(0, 8)} ${part.slice(8)}`,
  'a tab': part => `${part}\t`,
  'a line feed': part => `${part}\n`,
  'a carriage return and a line feed': part => `${part}\r\n`,
  'lines as in MIME': part => part.replace(/.{76}/g, '$&\r\n'),
  'a form feed': part => `${part}\f`,
  'a NUL': part => `${part}\0`,
  'a no-break space': part => `${part}\u00a0`,
  'a zero-width space': part => `${part.slice(0, 4)}\u200b${part.slice(4)}`,
  'a byte order mark': part => `\ufeff${part}`,
  'an exclamation mark': part => `${part}!`,
  'an asterisk': part => `${part.slice(0, 4)}*${part.slice(4)}`,
  'a tilde': part => `${part}~`,
  'quotes around it': part => `"${part}"`,
  'an escaped first character': part => `%${part.charCodeAt(0).toString(16)}${part.slice(1)}`,
  'a full-width letter': part => String.fromCharCode(part.charCodeAt(0) + 0xfee0) + part.slice(1),
  'a letter with the same low byte': part => String.fromCharCode(part.charCodeAt(0) + 0x100) + part.slice(1),
  'plus for minus': part => part.replaceAll('-', '+'),
  'slash for underscore': part => part.replaceAll('_', '/'),
  'the other alphabet, padded': part => Buffer.from(part, 'base64url').toString('base64'),
  'unused bits that are set': part => setUnusedBits(part),
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const setUnusedBits = (part: string): string => part.slice(0, -1) + ALPHABET[ALPHABET.indexOf(part.slice(-1)) + 1]

/** With both characters by which the alphabets differ, and with unused bits. */
const showsAll = (part: string): boolean => part.includes('-') && part.includes('_') && part.length % 4 > 1

/** The first of the parts that a growing filler makes which shows all. */
function partThatShowsAll(make: (filler: string) => string): string {
  for (let filler = '?>~'; ; filler += '?') if (showsAll(make(filler))) return make(filler)
}

/** Three parts on which each of the decorations makes a difference. */
function decorable(issuer: Issuer) {
  const { key } = issuer
  const header = partThatShowsAll(x => encode({ ...headerOf(key), x }))
  const claims = claimsOf(issuer)
  let token = ''
  partThatShowsAll(x => {
    const payload = partThatShowsAll(more => encode({ ...claims, x, more }))
    token = signParts(key, header, payload)
    return token.split('.')[2] ?? ''
  })
  const [, payload = '', signature = ''] = token.split('.')
  return { token, header, payload, signature }
}

/** A part without unused bits: one letter more says nothing. */
function wholeGroups(content: Json): string {
  const parts = ['', ' ', '  '].map(space => encode(JSON.stringify(content) + space))
  return parts.find(part => part.length % 4 === 0) ?? ''
}

const decorated = (part: string, tokenWith: (part: string) => string): Cases =>
  Object.fromEntries(Object.entries(decorations).map(([title, decorate]) => [title, tokenWith(decorate(part))]))

t.test('each part is canonical base64url: what lenient decoders read over is malformed, signed or not', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const { token, header, payload, signature } = decorable(issuer)
  const { key } = issuer

  await accepts({ 'the token without a decoration': token })
  for (const [title, decorate] of Object.entries(decorations))
    t.ok(
      [header, payload, signature].every(part => decorate(part) !== part),
      `there is something to change: ${title}`,
    )
  await refuses('malformed', {
    ...titled(
      'header',
      decorated(header, part => signParts(key, part, payload)),
    ),
    ...titled(
      'payload',
      decorated(payload, part => signParts(key, header, part)),
    ),
    ...titled(
      'signature',
      decorated(signature, part => `${header}.${payload}.${part}`),
    ),
    'header: a letter that makes no byte': signParts(key, `${wholeGroups(headerOf(key))}A`, payload),
    'payload: a letter that makes no byte': signParts(key, header, `${wholeGroups(claimsOf(issuer))}A`),
    'a space before the token': ` ${token}`,
    'a line feed behind the token': `${token}\n`,
    'a byte order mark before the token': `\ufeff${token}`,
  })
})

const flattened = (header: string, payload: string, signature: string): string =>
  JSON.stringify({ protected: header, payload, signature })

t.test('a token has three parts, none of which is empty', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const token = issuer.token()
  const [header = '', payload = '', signature = ''] = token.split('.')

  await accepts({ 'three parts': token })
  await refuses('malformed', {
    nothing: '',
    'a space': ' ',
    'a dot': '.',
    'two dots': '..',
    'three dots': '...',
    'a word': 'token',
    'the header alone': header,
    'the header and a dot': `${header}.`,
    'two parts': `${header}.${payload}`,
    'two parts, joined at the signature': `${header}.${payload}${signature}`,
    'no header': `.${payload}.${signature}`,
    'no header and no dot': `${payload}.${signature}`,
    'no payload (RFC 7515, appendix F)': `${header}..${signature}`,
    'no payload and no signature': `${header}..`,
    'an empty part before': `.${token}`,
    'an empty part behind': `${token}.`,
    'four parts': `${token}.${signature}`,
    'four parts, one of them empty': `${header}.${payload}..${signature}`,
    'five parts, as an encrypted token has': `${token}.${payload}.${signature}`,
    'five parts with empty ones between': `${header}....${signature}`,
    'a hundred thousand dots': '.'.repeat(100_000),
    'ideographic full stops': token.replaceAll('.', '。'),
    'escaped dots': token.replaceAll('.', '%2E'),
    'dots of the same low byte': token.replaceAll('.', '\u012e'),
    'the token twice': `${token},${token}`,
    'with its scheme': `Bearer ${token}`,
    'in quotes': JSON.stringify(token),
    'flattened JSON serialization': flattened(header, payload, signature),
    'general JSON serialization': JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
  })
  await refuses('bad_signature', { 'an empty signature': `${header}.${payload}.` })
})

t.test('what is no string is malformed, even when it reads like a token', async t => {
  const { issuer, refuses } = await testBench(t)
  const token = issuer.token()

  await refuses('malformed', {
    undefined: undefined,
    null: null,
    'a number': 1,
    true: true,
    'an object': {},
    'an array with the token': [token],
    'the three parts': token.split('.'),
    bytes: Buffer.from(token),
    'a String': new String(token),
    'an object that turns into the token': { toString: () => token, length: token.length },
  })
})

/** A token of exactly so many characters. */
function tokenOfLength(issuer: Issuer, length: number): string {
  const { key } = issuer
  const claims = claimsOf(issuer)
  for (let padding = 0; padding < 3; padding += 1) {
    const header = JSON.stringify({ ...headerOf(key), x: ' '.repeat(padding) })
    for (let more = Math.floor(length * 0.7); more < length * 0.75; more += 1) {
      const payload = JSON.stringify({ ...claims, x: ' '.repeat(more) })
      const signed =
        Buffer.from(header).toString('base64url').length + Buffer.from(payload).toString('base64url').length
      if (signed + 344 === length) return signBytes(key, header, payload)
    }
  }
  throw new Error(`There is no token of ${length} characters.`)
}

async function messageOf(t: Test, verified: Promise<unknown>): Promise<string> {
  const error = await verified.then(
    () => t.fail('it is refused'),
    error => error,
  )
  return error.message
}

t.test('a token has at most 16,384 characters, and a longer one is refused for that before anything else', async t => {
  const { issuer, verifier, accepts, refuses } = await testBench(t)
  const longest = tokenOfLength(issuer, 16_384)
  const tooLong = tokenOfLength(issuer, 16_385)
  t.same([longest.length, tooLong.length], [16_384, 16_385])

  await accepts({ '16,384 characters': longest })
  await refuses('malformed', {
    '16,385 characters, signed': tooLong,
    'a good token with a long tail': issuer.token() + 'A'.repeat(16_384),
    'a million characters': 'A'.repeat(1_000_000),
  })
  const long = /more than 16384 characters/
  t.match(await messageOf(t, verifier.verify('A'.repeat(16_385))), long, 'its parts are not looked at')
  t.match(await messageOf(t, verifier.verify('!'.repeat(16_385))), long, 'nor its characters')
  t.notMatch(await messageOf(t, verifier.verify('A'.repeat(16_384))), long, 'the longest is looked at')
})
