/** A service of the benchmark's own: an empty folder for database and keys, and ports that nothing else uses. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export function prepareService(port: number) {
  const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
  return {
    environment: {
      ...process.env,
      SIGNET_PORT: String(port),
      SIGNET_MANAGEMENT_PORT: String(port + 1),
      SIGNET_DATABASE_URL: `file:${join(folder, 'signet.sqlite')}`,
      SIGNET_KEYS_DIR: join(folder, 'keys'),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
