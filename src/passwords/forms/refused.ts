/** Hashes that are known and not imported, each with a word that says what it is. */
import { HashRefused, type TextForm } from './form.ts'

const ADVICE =
  'Import the person without a hash and issue a password ticket, or have the old system hash the password anew at its next sign-in there.'

const plain =
  'This is a password in plain text, which is not imported. Import the person without a hash and issue a password ticket.'

/** What stands before a hash: braces, or the names of Django and Nextcloud. */
const wrapper = /^(?:\{[^{}]*\}|bcrypt(?:_sha256)?\$|crypt\$\$?|[123]\|)(?=[$_])/

/** In the order in which they are tried; none repeats anything of the hash. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^\{(?:noop|plain|plaintext|cleartext|clear)\}/i, plain],
  [/^plain\$/, plain],
  [/^\$2x\$/, `bcrypt with $2x$ was written by a library that was wrong about some characters until 2011. ${ADVICE}`],
  [/^\$2\$/, `bcrypt with $2$ is older than its rules for other characters than ASCII. ${ADVICE}`],
  [/^\$g?y\$/, `yescrypt is not imported. ${ADVICE}`],
  [/^\$7\$/, `scrypt in the form of crypt(3), $7$, is not imported. ${ADVICE}`],
  [/^\$[56]\$/, `sha256crypt and sha512crypt are not imported. ${ADVICE}`],
  [/^\$(?:1|apr1|md5|sha1|3)[$,]/, `md5crypt and other old forms of crypt(3) are not imported. ${ADVICE}`],
  [/^U?\$S\$|^U\$P\$/, `The hash that Drupal wrote before version 10.1 is not imported. ${ADVICE}`],
  [
    /^\{(?:S?MD[45]|S?SHA(?:-?\d{1,3})?|ldap|LDAP-MD5|PLAIN-MD[45]|CRAM-MD5|NTLM|LANMAN|HMAC-MD5)\}/i,
    `A hash without a work factor (MD4, MD5, SHA) is not imported, since it is guessed in no time. ${ADVICE}`,
  ],
  [
    /^(?:unsalted_)?(?:md5|sha1|sha224|sha256|sha384|sha512)\$/,
    `A hash without a work factor (MD5, SHA) is not imported, since it is guessed in no time. ${ADVICE}`,
  ],
  [/^crypt\$/, `The hash of crypt(3) is not imported. ${ADVICE}`],
  [/^\{[A-Za-z0-9]+-CRYPT\}/, `This form of crypt(3) is not imported. ${ADVICE}`],
  [
    /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}|\*[0-9a-f]{40})(?::.*)?$/is,
    `This looks like MD5 or SHA without a work factor, which is not imported, since it is guessed in no time. ${ADVICE}`,
  ],
  [/^pbkdf2:[^:$]*\$|^scrypt\$[^$]*\$[^$]*$/, `Werkzeug's hash does not say how many iterations it took. ${ADVICE}`],
]

/** How those begin that are imported, when they are whole. */
const beginnings: readonly (readonly [RegExp, string])[] = [
  [/^(?:\$wp)?\$2[aby]\$/, 'bcrypt'],
  [/^\$argon2/, 'Argon2'],
  [/^\$scrypt\$|^scrypt[:$]/, 'scrypt'],
  [/^\$pbkdf2|^pbkdf2[:_]|^\{(?:pbkdf2|PKCS5S2)/i, 'PBKDF2'],
  [/^\$bcrypt-sha256\$|^bcrypt(?:_sha256)?\$|^\{bcrypt\}|^\{BLF-CRYPT\}/i, 'bcrypt'],
  [/^argon2\$|^\{argon2/i, 'Argon2'],
  [/^\{scrypt/i, 'scrypt'],
  [/^\$[PH]\$/, 'phpass'],
]

/** Reads none, and comes last. */
export const refused: TextForm = text => {
  const bare = text.replace(wrapper, '')
  for (const tried of [text, bare]) {
    const [, sentence] = kinds.find(([pattern]) => pattern.test(tried)) ?? []
    if (sentence !== undefined) throw new HashRefused(sentence)
  }
  const [, name] = beginnings.find(([pattern]) => pattern.test(bare) || pattern.test(text)) ?? []
  if (name === undefined) return undefined
  throw new HashRefused(
    `This begins like a hash of ${name}, but can't be read: it may have been cut off or changed, or has parameters that are not known.`,
  )
}
