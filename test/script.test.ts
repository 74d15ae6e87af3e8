/** `./signet` and the folder in which Node keeps what it has compiled: what lies there runs, so nobody else may write there. */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { temporaryFolder } from './support/environment.ts'

const program = fileURLToPath(new URL('../signet', import.meta.url))

t.test('the folder is of the user alone, whatever the shell gives to others', async t => {
  const folder = join(temporaryFolder(t), 'cache')
  const env = { PATH: process.env['PATH'], XDG_CACHE_HOME: folder }
  const { stdout } = spawnSync('sh', ['-c', 'umask 000; exec "$0" --version', program], { env, encoding: 'utf8' })
  t.match(stdout, /^\d+\.\d+\.\d+\n$/)
  for (const made of [folder, join(folder, 'signet')]) t.equal(statSync(made).mode & 0o777, 0o700, made)
})
