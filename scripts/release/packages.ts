/** What is published of an exported commit. Each function leaves its files in `target`; the same commit gives the same bytes. */
import { execFileSync, spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

interface Commit {
  /** Where its files are, and nothing else: what .gitignore names may be of an earlier build. */
  readonly folder: string
  /** SOURCE_DATE_EPOCH is its time: https://reproducible-builds.org/specs/source-date-epoch/ */
  readonly environment: NodeJS.ProcessEnv
}

/** The modes of the files would depend on the settings of whoever runs this. */
const archive = ['-c', 'tar.umask=0022', '-c', 'tar.tar.gz.command=gzip -cn', 'archive', 'HEAD']

/** @returns the folder `into` with the files of HEAD */
export function exportCommit(into: string): string {
  const input = execFileSync('git', archive, { maxBuffer: 2 ** 30 })
  execFileSync('tar', ['-x', '-C', into], { input })
  return into
}

/** `@signet/verifier`, with the compiler of the checkout. */
export function packVerifier({ folder, environment: env }: Commit, target: string): void {
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const words = ['pack', '--silent', '--pack-destination', resolve(target)]
  execFileSync('npm', words, { cwd: join(folder, 'verifier'), env, stdio: ['ignore', 'ignore', 'inherit'] })
}

/**
 * The Python package, as a wheel and as an archive of its sources.
 *
 * @returns false when this machine has no `build` (https://build.pypa.io) to make them
 */
export function packPython({ folder, environment: env }: Commit, target: string): boolean {
  const python = env['PYTHON'] ?? 'python3'
  if (spawnSync(python, ['-m', 'build', '--version']).status !== 0) return false
  const words = ['-m', 'build', '--outdir', resolve(target), join(folder, 'verifier-python')]
  execFileSync(python, words, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  return true
}

/** Signet itself. */
export function packSources(version: string, target: string): void {
  const name = `signet-${version}`
  execFileSync('git', [...archive, `--prefix=${name}/`, '-o', join(target, `${name}.tar.gz`)])
}
