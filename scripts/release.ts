/**
 * `npm run release`: makes what is published of the commit that is checked out, in dist-release/, and prints the commands that
 * publish it. It publishes nothing itself. Exit code 1 when the checkout is not clean, or a version differs from the others.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportCommit, packPython, packSources, packVerifier } from './release/packages.ts'
import { versionsIn } from './release/versions.ts'

const TARGET = 'dist-release'

const git = (...words: readonly string[]): string => execFileSync('git', words, { encoding: 'utf8' }).trimEnd()

function makePackages(version: string): { hasPython: boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'signet-release-'))
  try {
    const environment = { ...process.env, SOURCE_DATE_EPOCH: git('log', '-1', '--format=%ct') }
    const commit = { folder: exportCommit(folder), environment }
    packSources(version, TARGET)
    packVerifier(commit, TARGET)
    return { hasPython: packPython(commit, TARGET) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** In the form that `sha256sum -c` reads. */
function writeSums(): void {
  const lines = readdirSync(TARGET)
    .sort()
    .map(
      name =>
        `${createHash('sha256')
          .update(readFileSync(join(TARGET, name)))
          .digest('hex')}  ${name}\n`,
    )
  writeFileSync(join(TARGET, 'SHA256SUMS'), lines.join(''))
}

function instructions(version: string, hasPython: boolean): string {
  const [revision, created] = git('log', '-1', '--format=%H %cI').split(' ')
  const labels = Object.entries({ version, revision, created }).map(
    ([name, value]) => `  --label org.opencontainers.image.${name}=${value} \\`,
  )
  return [
    `Made in ${TARGET}/:`,
    ...readdirSync(TARGET).map(name => `  ${name}`),
    '',
    'To look at it, and to publish it:',
    `  (cd ${TARGET} && sha256sum -c SHA256SUMS)`,
    `  npm publish ${TARGET}/signet-verifier-${version}.tgz --access public`,
    ...(hasPython ? [`  twine upload ${TARGET}/signet_verifier-${version}*`] : []),
    `  docker build -t signet:${version} \\`,
    ...labels.map(line => `  ${line}`),
    '    .',
  ].join('\n')
}

function release(): void {
  const changed = git('status', '--porcelain')
  const { version, mistakes } = versionsIn(file => readFileSync(file, 'utf8'))
  const reasons = changed === '' ? mistakes : ['The checkout is not clean:', changed, ...mistakes]
  if (reasons.length > 0) {
    console.error(reasons.join('\n'))
    process.exitCode = 1
    return
  }
  // What is packed has the modes with which it was written.
  process.umask(0o022)
  rmSync(TARGET, { recursive: true, force: true })
  mkdirSync(TARGET)
  const { hasPython } = makePackages(version)
  writeSums()
  console.log(instructions(version, hasPython))
  if (!hasPython)
    console.error('Not made: the Python package. `pip install build`, or name a Python that has it: PYTHON=PATH.')
}

release()
