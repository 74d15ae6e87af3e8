import t from 'tap'
import { type Cases, claimsOf, headerOf, signBytes, testBench, titled } from '../support/hostile-tokens.ts'

const bytes = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

/** A text of UTF-16 in the other byte order. */
const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

/** An object's text with a further member, before its last brace. */
const withMember = (text: string, member: string): string => `${text.slice(0, -1)},${member}}`
const withBytes = (text: string, ...inside: readonly number[]): Buffer =>
  bytes(text.slice(0, -1), ',"x":"', inside, '"}')

/** What is no JSON object in UTF-8, made of the text of one that would be accepted. */
const notOneObject = (text: string): Readonly<Record<string, string | Buffer>> => ({
  'an array': '[]',
  'an array with the object': `[${text}]`,
  'a string': '"text"',
  'the object in a string': JSON.stringify(text),
  'a number': '1',
  true: 'true',
  null: 'null',
  'white space': ' ',
  'a word': 'undefined',
  'half an object': text.slice(0, -1),
  'an object that never began': text.slice(1),
  'a letter behind': `${text}x`,
  'a NUL behind': `${text}\0`,
  'a brace behind': `${text}}`,
  'a comma behind': `${text},`,
  'a second object behind': `${text}{}`,
  'the object twice': text + text,
  'a second object in a line of its own': `${text}\n{}`,
  'a comment behind': `${text}//`,
  'a comment within': text.replace('{', '{/**/'),
  'a form feed before': `\f${text}`,
  'a no-break space before': `\u00a0${text}`,
  'a prefix against inclusion by scripts': `)]}'\n${text}`,
  'a trailing comma': text.replace(/}$/, ',}'),
  'a leading comma': text.replace(/^{/, '{,'),
  'single quotes': text.replaceAll('"', "'"),
  'names without quotes': withMember(text, 'x:1'),
  'a member without a value': withMember(text, '"x"'),
  'a member without a name': withMember(text, ':1'),
  'equals for a colon': withMember(text, '"x"=1'),
  NaN: withMember(text, '"x":NaN'),
  Infinity: withMember(text, '"x":Infinity'),
  undefined: withMember(text, '"x":undefined'),
  'a hexadecimal number': withMember(text, '"x":0x10'),
  'a number with a leading zero': withMember(text, '"x":01'),
  'a number with a plus': withMember(text, '"x":+1'),
  'a number without an integer part': withMember(text, '"x":.5'),
  'a number that ends in a dot': withMember(text, '"x":1.'),
  'an escape that JSON has not': withMember(text, '"x":"\\x41"'),
  'half an escape': withMember(text, '"x":"\\u00"'),
  'a line feed in a string': withMember(text, '"x":"\n"'),
  'a NUL in a string': withMember(text, '"x":"\0"'),
  'a byte order mark': `\ufeff${text}`,
  'two byte order marks': `\ufeff\ufeff${text}`,
  'a byte order mark behind': `${text}\ufeff`,
  'UTF-16': Buffer.from(text, 'utf16le'),
  'UTF-16, big endian': swapped(text),
  'UTF-16 with a byte order mark': Buffer.from(`\ufeff${text}`, 'utf16le'),
  'UTF-16, big endian, with a byte order mark': swapped(`\ufeff${text}`),
  'UTF-32': bytes(...[...text].map(letter => [letter.charCodeAt(0), 0, 0, 0])),
  'Latin-1': withBytes(text, 0xe9),
  'bytes that are never UTF-8': withBytes(text, 0xff, 0xfe),
  'a continuation without a start': withBytes(text, 0x80),
  'a start without a continuation': withBytes(text, 0xc3),
  'an overlong slash': withBytes(text, 0xc0, 0xaf),
  'an overlong NUL': withBytes(text, 0xc0, 0x80),
  'an overlong letter of three bytes': withBytes(text, 0xe0, 0x81, 0x81),
  'half of a surrogate pair': withBytes(text, 0xed, 0xa0, 0x80),
  'a surrogate pair of six bytes': withBytes(text, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80),
  'beyond Unicode': withBytes(text, 0xf4, 0x90, 0x80, 0x80),
  'a character that is cut off': bytes(text, [0xe2, 0x82]),
})

/** Members that are there twice, however they are spelled; `name` and its value are one that the object has. */
function duplicates(text: string, name: string): Readonly<Record<string, string>> {
  const value = JSON.stringify(JSON.parse(text)[name])
  const escaped = `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`
  const rest = text.slice(1)
  return {
    'with one value': withMember(text, `"${name}":${value}`),
    'with another value': withMember(text, `"${name}":"other"`),
    'with another value first': `{"${name}":"other",${rest}`,
    'with null first': `{"${name}":null,${rest}`,
    'with an escape': withMember(text, `"${escaped}":${value}`),
    'with an escape first': `{"${escaped}":"other",${rest}`,
    'with an escape in capitals': `{"${escaped.replace(/00../, hex => hex.toUpperCase())}":"other",${rest}`,
    'with white space around': withMember(text, ` \n"${name}"\t:\r ${value} `),
    'three times': withMember(text, `"${name}":1,"${name}":${value}`),
    'of no meaning': withMember(text, '"x":1,"x":1'),
    'without a name': withMember(text, '"":1,"":1'),
    'of the prototype': withMember(text, '"__proto__":1,"__proto__":1'),
    'of the prototype, as objects': withMember(text, '"__proto__":{},"__proto__":{}'),
    'of the prototype, with an escape': withMember(text, '"__proto__":1,"\\u005f_proto__":1'),
    'named like a method': withMember(text, '"hasOwnProperty":1,"hasOwnProperty":1'),
    'named like an index': withMember(text, '"0":1,"0":1'),
    'with an escaped quote in its name': withMember(text, '"a\\"b":1,"a\\"b":1'),
    'with a backslash at the end of its name': withMember(text, '"a\\\\":1,"a\\\\":1'),
    'with a colon in its name': withMember(text, '"a:b":1,"a:b":1'),
    'beyond the basic plane, once as a pair of escapes': withMember(text, '"😀":1,"\\ud83d\\ude00":1'),
    'behind an object': withMember(text, '"x":{"y":{"z":[]}},"x":1'),
    'behind an array of objects': withMember(text, '"x":[{"y":1},{"y":1}],"x":1'),
    'behind a string with braces': withMember(text, '"x":"}{}]","x":1'),
    'behind a string with quotes': withMember(text, '"x":"\\"{\\\\","x":1'),
  }
}

/** Objects like that of the text, however odd they look: each of their members is there once. */
const unambiguous = (text: string): Readonly<Record<string, string | Buffer>> => ({
  'white space around': ` \t\r\n${text}\n `,
  'white space within': JSON.stringify(JSON.parse(text), undefined, '\t'),
  escapes: text.replaceAll('t', '\\u0074'),
  'members in the other order': JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse())),
  'an unknown member': withMember(text, '"x":1'),
  'names that differ in case': withMember(text, '"x":1,"X":1'),
  'names that differ in white space': withMember(text, '"x":1,"x ":1'),
  'names that differ in normal form': withMember(text, '"\u00e9":1,"e\u0301":1'),
  'an empty name': withMember(text, '"":1'),
  'a name of the prototype': withMember(text, '"__proto__":{"sub":"other","alg":"none"}'),
  'names of methods': withMember(text, '"constructor":1,"toString":1,"hasOwnProperty":1'),
  'twice within another object': withMember(text, '"x":{"y":1,"y":1}'),
  'twice within objects of an array': withMember(text, '"x":[{"y":1,"y":1}]'),
  'names like those around': withMember(text, '"x":{"x":{"x":1},"y":1}'),
  'colons in a string': withMember(text, '"x":"a:b:c"'),
  'braces in a string': withMember(text, '"x":"{\\"y\\":1}"'),
  'open braces in a string': withMember(text, '"x":"{{[["'),
  'closing braces in a string': withMember(text, '"x":"}}]]"'),
  'quotes in a string': withMember(text, '"x":"\\":\\""'),
  'backslashes in a string': withMember(text, '"x":"\\\\","y":"\\\\\\\\"'),
  'a backslash and a quote in a string': withMember(text, '"x":"\\\\\\":","y":1'),
  'empty objects and arrays': withMember(text, '"x":{},"y":[],"z":[[],{}]'),
  'letters of four bytes': withMember(text, '"x":"é€😀"'),
  'an escaped NUL': withMember(text, '"x":"\\u0000"'),
  'a byte order mark in a string': withMember(text, '"x":"\ufeff"'),
  'a thousand arrays in each other': withMember(text, `"x":${'['.repeat(1000)}${']'.repeat(1000)}`),
})

t.test('header and payload are one JSON object in UTF-8 each, without a BOM and without anything else', async t => {
  const { issuer, accepts, refuses } = await testBench(t)
  const { key } = issuer
  const header = JSON.stringify(headerOf(key))
  const payload = JSON.stringify(claimsOf(issuer))

  await accepts({ 'the objects as they are': signBytes(key, header, payload) })
  await accepts(
    titled(
      'header',
      tokens(unambiguous(header), text => signBytes(key, text, payload)),
    ),
  )
  await accepts(
    titled(
      'payload',
      tokens(unambiguous(payload), text => signBytes(key, header, text)),
    ),
  )

  await refuses('malformed', {
    ...titled(
      'header',
      tokens(notOneObject(header), text => signBytes(key, text, payload)),
    ),
    ...titled(
      'payload',
      tokens(notOneObject(payload), text => signBytes(key, header, text)),
    ),
  })
  // An empty object is an object: all that it lacks is what it should say.
  await refuses('unsupported', { 'an empty header': signBytes(key, '{}', payload) })
  await refuses('wrong_issuer', { 'empty claims': signBytes(key, header, '{}') })
})

t.test('no member is there twice, in the header or in the claims, however it is spelled', async t => {
  const { issuer, refuses } = await testBench(t)
  const { key } = issuer
  const header = JSON.stringify(headerOf(key))
  const payload = JSON.stringify(claimsOf(issuer))

  for (const name of ['alg', 'kid', 'typ'])
    await refuses(
      'malformed',
      titled(
        `${name} in the header`,
        tokens(duplicates(header, name), text => signBytes(key, text, payload)),
      ),
    )
  for (const name of ['aud', 'iss', 'sub', 'exp'])
    await refuses(
      'malformed',
      titled(
        `${name} in the claims`,
        tokens(duplicates(payload, name), text => signBytes(key, header, text)),
      ),
    )
})

const tokens = (texts: Readonly<Record<string, string | Buffer>>, make: (text: string | Buffer) => string): Cases =>
  Object.fromEntries(Object.entries(texts).map(([title, text]) => [title, make(text)]))
