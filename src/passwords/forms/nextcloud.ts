/** Nextcloud and ownCloud (OC\Security\Hasher): a number and `|` before what PHP's password_hash wrote. */
import { importedBcrypt } from './canonical.ts'
import type { TextForm } from './form.ts'
import { readPhcArgon2 } from './phc.ts'

export const nextcloud: TextForm = text => {
  const [, hash = ''] = /^[123]\|(.*)$/.exec(text) ?? []
  return importedBcrypt('nextcloud', hash) ?? readPhcArgon2(hash, 'nextcloud')
}
