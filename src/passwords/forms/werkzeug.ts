/** Werkzeug, and so Flask (werkzeug.security): `method:parameters$salt$hash`, the salt as text and the hash in hex. */
import { importedPbkdf2, importedScrypt } from './canonical.ts'
import { fromHex, wholeNumber } from './encodings.ts'
import type { ReadForm, TextForm } from './form.ts'

function readScrypt(text: string): ReadForm | undefined {
  const [, n, r, p, salt = '', key = ''] = /^scrypt:(\d+):(\d+):(\d+)\$([^$]*)\$([^$]*)$/.exec(text) ?? []
  const [cost, blocks, lanes] = [n, r, p].map(wholeNumber)
  return importedScrypt('werkzeug scrypt', { n: cost, r: blocks, p: lanes, salt: Buffer.from(salt), key: fromHex(key) })
}

function readPbkdf2(text: string): ReadForm | undefined {
  const [, digest, iterations, salt = '', key = ''] = /^pbkdf2:([a-z0-9_]+):(\d+)\$([^$]*)\$([^$]*)$/.exec(text) ?? []
  if (digest === undefined) return undefined
  const fields = { digest, iterations: wholeNumber(iterations), salt: Buffer.from(salt), key: fromHex(key) }
  return importedPbkdf2(`werkzeug pbkdf2:${digest}`, fields)
}

export const werkzeug: TextForm = text => readScrypt(text) ?? readPbkdf2(text)
