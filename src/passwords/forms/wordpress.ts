/** WordPress since 6.8, and phpass, which it wrote before, as phpBB did with `$H$`. */
import { imported, importedBcrypt } from './canonical.ts'
import type { TextForm } from './form.ts'

const hmacKey = Buffer.from('wp-sha384')

/** wp_hash_password: bcrypt of an HMAC, because of the 72 bytes. */
export const wordpress: TextForm = text =>
  text.startsWith('$wp')
    ? importedBcrypt('wordpress', text.slice('$wp'.length), ['wordpress'], ['hmac-sha384-base64', hmacKey])
    : undefined

export const phpass: TextForm = text =>
  /^\$[PH]\$[./0-9A-Za-z]{31}$/.test(text) ? imported('phpass', text, ['maybe-wordpress']) : undefined
