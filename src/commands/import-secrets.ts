/** What stands in no hash, and only the operator knows: from files that are named, never from arguments. */
import type { Readable } from 'node:stream'
import { FileRefused } from '../maintenance/file-refused.ts'
import type { Columns } from '../passwords/forms/form.ts'
import { type LargestFile, readText } from './files.ts'
import { secretIn } from './secret-text.ts'

const largest: LargestFile = { bytes: 64 * 1024, advice: 'that is not a secret.' }

/** @throws FileRefused */
export async function readPepper(file: string, stdin: Readable): Promise<Buffer> {
  const secret = secretIn(Buffer.from(await readText(file, stdin, largest)))
  if ('problem' in secret) throw new FileRefused(`The pepper ${secret.problem}`)
  if (secret.text === '') throw new FileRefused('The pepper is empty.')
  return Buffer.from(secret.text)
}

/** As the console of Firebase shows it: `hash_config {` and a line for each parameter. */
const parameter = /^\s*(algorithm|base64_signer_key|base64_salt_separator|rounds|mem_cost):\s*"?([^\s",]+)"?,?\s*$/gm

function parametersIn(text: string): Columns {
  try {
    const parsed = JSON.parse(text)
    return parsed?.hash_config ?? parsed
  } catch {
    return Object.fromEntries(Array.from(text.matchAll(parameter), ([, name, value]) => [name, value]))
  }
}

/** @throws FileRefused */
export async function readHashConfig(file: string, stdin: Readable): Promise<Columns> {
  const found = parametersIn(await readText(file, stdin, largest))
  if (typeof found?.['base64_signer_key'] !== 'string')
    throw new FileRefused(
      'The file has no hash_config of Firebase: copy it from the console, under Authentication, Users.',
    )
  return found
}
