/** Schemes of OpenLDAP and Dovecot: a name in braces, and the hash as its own library writes it; and that of Atlassian's products. */
import { fromBase64 } from '../algorithms/base64.ts'
import { importedBcrypt, importedPbkdf2 } from './canonical.ts'
import { fromHex, wholeNumber } from './encodings.ts'
import type { ReadForm, TextForm } from './form.ts'
import { readPasslibPbkdf2 } from './passlib.ts'
import { readPhcArgon2 } from './phc.ts'

/** Dovecot's, with a salt that is text: `$1$salt$5000$hash`. */
function readDovecotPbkdf2(hash: string): ReadForm | undefined {
  const [, salt = '', iterations, key = ''] = /^\$1\$([^$]*)\$(\d+)\$([^$]*)$/.exec(hash) ?? []
  const fields = { iterations: wholeNumber(iterations), salt: Buffer.from(salt), key: fromHex(key) }
  return importedPbkdf2('dovecot pbkdf2', { digest: 'sha1', ...fields })
}

/** Salt and hash are one text; the number of iterations is the same for all. */
function readAtlassian(hash: string): ReadForm | undefined {
  const bytes = fromBase64(hash)
  const fields = { digest: 'sha1', iterations: 10_000, salt: bytes?.subarray(0, 16), key: bytes?.subarray(16) }
  return importedPbkdf2('atlassian pbkdf2', fields)
}

function readPbkdf2(scheme: string, hash: string): ReadForm | undefined {
  const [, digest = 'sha1'] = scheme.toLowerCase().split('-')
  return readPasslibPbkdf2(`ldap pbkdf2-${digest}`, digest, hash)
}

export const ldap: TextForm = text => {
  const [, scheme = '', hash = ''] = /^\{([A-Z0-9-]+)\}(.*)$/.exec(text.replace(/^\{crypt\}/, '{CRYPT}')) ?? []
  if (/^(?:CRYPT|BCRYPT|BLF-CRYPT)$/.test(scheme)) return importedBcrypt('ldap bcrypt', hash)
  if (/^ARGON2(?:I|ID)?$/.test(scheme)) return readPhcArgon2(hash, 'ldap argon2')
  if (scheme === 'PKCS5S2') return readAtlassian(hash)
  if (scheme === 'PBKDF2' && hash.startsWith('$')) return readDovecotPbkdf2(hash)
  return /^PBKDF2(?:-SHA1|-SHA256|-SHA512)?$/.test(scheme) ? readPbkdf2(scheme, hash) : undefined
}
