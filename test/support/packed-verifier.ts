/** `@signet/verifier` as somebody else gets it: packed, and installed from the tarball. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { folderOfProcess, temporaryFolder } from './environment.ts'

export const checkout = fileURLToPath(new URL('../..', import.meta.url))
const modules = join(checkout, 'node_modules')

/** `env -u`: the test runner would put its loader into every process. @throws with all that was printed, when it fails */
export async function run(folder: string, command: readonly string[], env = process.env): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('env', ['-u', 'NODE_OPTIONS', ...command], {
      cwd: folder,
      env,
      timeout: 100_000,
    })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}

export interface Packed {
  readonly tarball: string
  /** The paths in it. */
  readonly files: readonly string[]
}

/** Builds and packs in a copy of the checkout: other tests import dist/ meanwhile, which a build would rewrite. */
async function pack(): Promise<Packed> {
  const copy = folderOfProcess()
  cpSync(join(checkout, 'tsconfig.json'), join(copy, 'tsconfig.json'))
  const built = join(checkout, 'verifier/dist')
  cpSync(join(checkout, 'verifier'), join(copy, 'verifier'), { recursive: true, filter: path => path !== built })
  symlinkSync(modules, join(copy, 'node_modules'))
  const folder = join(copy, 'verifier')
  const [packed] = JSON.parse(await run(folder, ['npm', 'pack', '--json', '--silent']))
  const files = packed.files.map(({ path }: { path: string }) => path)
  return { tarball: join(folder, packed.filename), files }
}

let packed: Promise<Packed> | undefined

/** It is packed once a process. */
export function packVerifier(): Promise<Packed> {
  packed ??= pack()
  return packed
}

/** Installs it without a network or a cache. */
async function install(): Promise<string> {
  const { tarball } = await packVerifier()
  const folder = folderOfProcess()
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const cache = join(folderOfProcess(), 'cache')
  await run(folder, ['npm', 'install', tarball, '--offline', '--no-audit', '--no-fund', '--cache', cache])
  return folder
}

let installed: Promise<string> | undefined

/**
 * A folder of the test's own in which it is installed; that is done once a process, and copied.
 * @param beside packages of this checkout that the consumer has, too
 */
export async function installVerifier(t: Test, beside: readonly string[] = []): Promise<string> {
  installed ??= install()
  const folder = temporaryFolder(t)
  cpSync(await installed, folder, { recursive: true })
  for (const name of beside) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(modules, name), link)
  }
  return folder
}

const strictest = {
  target: 'es2022',
  lib: ['es2023'],
  types: ['node'],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
}

/** Checks TypeScript programs of a consumer's folder. @throws with what is wrong */
export async function compile(folder: string, options: object, include: readonly string[] = ['*.ts']): Promise<void> {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...strictest, ...options }, include }),
  )
  await run(folder, [join(modules, '.bin/tsc')])
}

/** As Node and as a bundler would find their imports. @throws with what is wrong */
export async function typeCheck(folder: string): Promise<void> {
  await compile(folder, { module: 'nodenext', moduleResolution: 'nodenext' })
  await compile(folder, { module: 'esnext', moduleResolution: 'bundler' })
}
