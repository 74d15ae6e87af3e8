/** Hashes that are known and not imported, each with a sentence that says what it is. */
import { HashRefused, INSTEAD, type TextForm } from './form.ts'

const ADVICE = `${INSTEAD} Or let the old system hash the password better at a sign-in there, before the export.`

const isNot = (what: string): string => `${what} is not imported. ${ADVICE}`

const plain = `A password in plain text is not imported. ${INSTEAD}`
const withoutWork = isNot('A hash without a work factor (MD4, MD5, SHA), which is guessed in no time,')

/** What stands before a hash: braces, or the names of Django and Nextcloud. */
const wrapper = /^(?:\{[^{}]*\}|bcrypt(?:_sha256)?\$|crypt\$\$?|[123]\|)(?=[$_])/

/** In the order in which they are tried. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^(?:\{(?:noop|plain|plaintext|cleartext|clear)\}|plain\$)/i, plain],
  [/^\$2x\$/, isNot('bcrypt $2x$, of a library that read some characters wrongly until 2011,')],
  [/^\$2\$/, isNot('bcrypt $2$, which is older than its rules for other characters than ASCII,')],
  [/^\$g?y\$/, isNot('yescrypt')],
  [/^\$7\$/, isNot('scrypt in the form of crypt(3), $7$,')],
  [/^\$[56]\$/, isNot('sha256crypt or sha512crypt')],
  [/^\$(?:1|apr1|md5|sha1|3)[$,]/, isNot('md5crypt or another old form of crypt(3)')],
  [/^(?:U?\$S|U\$P)\$/, isNot('The hash that Drupal wrote before version 10.1')],
  [/^\{(?:S?MD[45]|S?SHA(?:-?\d{1,3})?|ldap|(?:LDAP|PLAIN|CRAM|HMAC|DIGEST)-MD[45]|NTLM|LANMAN)\}/i, withoutWork],
  [/^(?:unsalted_)?(?:md5|sha1|sha224|sha256|sha384|sha512)\$/, withoutWork],
  [/^(?:crypt\$|\{[A-Za-z0-9]+-CRYPT\}|\{CRYPT\}[^$])/i, isNot('A hash of crypt(3)')],
  [
    /^(?:(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})(?::.*)?|\*[0-9a-f]{40})$/is,
    isNot('What looks like MD5 or SHA without a work factor, which is guessed in no time,'),
  ],
  [/^(?:pbkdf2:[^:$]*\$|scrypt\$[^$]*\$[^$]*$)/, `Werkzeug's hash does not say its iterations. ${INSTEAD}`],
]

/** How those begin that are imported, when they are whole. */
const beginnings: readonly (readonly [RegExp, string])[] = [
  [/^(?:(?:\$wp)?\$2[aby]\$|\$bcrypt-sha256\$|bcrypt(?:_sha256)?\$|\{(?:bcrypt|BLF-CRYPT)\})/i, 'bcrypt'],
  [/^(?:\$argon2|argon2\$|\{argon2)/i, 'Argon2'],
  [/^(?:\$scrypt\$|scrypt[:$]|\{scrypt)/i, 'scrypt'],
  [/^(?:\$pbkdf2|pbkdf2[:_]|\{(?:pbkdf2|PKCS5S2))/i, 'PBKDF2'],
  [/^\$[PH]\$/, 'phpass'],
]

const sentenceFor = (text: string) => kinds.find(([pattern]) => pattern.test(text))?.[1]
const beginningOf = (text: string) => beginnings.find(([pattern]) => pattern.test(text))?.[1]

/** Reads none, and comes last. */
export const refused: TextForm = text => {
  const bare = text.replace(wrapper, '')
  const sentence = sentenceFor(bare) ?? sentenceFor(text)
  if (sentence !== undefined) throw new HashRefused(sentence)
  const name = beginningOf(text) ?? beginningOf(bare)
  if (name === undefined) return undefined
  throw new HashRefused(
    `This begins like a hash of ${name}, but can't be read: it was cut off or changed, or has parameters that are not known.`,
  )
}
