/** The runbooks of docs/operations.md, and a shell that follows them. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { environmentOf, temporaryFolder } from './serve.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const page = readFileSync(file('docs/operations.md'), 'utf8')

/** What stands under each heading, up to the next one of any level. */
const sections = new Map(
  page.split(/^(?=#+ )/m).map(text => [/^(#+ .*)$/m.exec(text)?.[1] ?? '', text.replace(/^#+ .*$/m, '')]),
)

/** The headings of a chapter, its own first, under which there are commands. */
export function headingsWithCommandsIn(chapter: string): string[] {
  const all = [...sections.keys()]
  const from = all.indexOf(`## ${chapter}`)
  const more = all.slice(from + 1)
  const end = more.findIndex(heading => heading.startsWith('## '))
  const headings = [chapter, ...more.slice(0, end).map(heading => heading.replace(/^#+ /, ''))]
  return headings.filter(heading => blocksOf(heading).length > 0)
}

/** The shell blocks under a heading, in order. @throws when there is no such heading */
export function blocksOf(heading: string): string[] {
  const text = sections.get(`### ${heading}`) ?? sections.get(`## ${heading}`)
  if (text === undefined) throw new Error(`docs/operations.md has no section "${heading}".`)
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
}

/**
 * A terminal in the folder of a service: `npx signet` is the program, the database is db/signet.sqlite, and the keys are in keys/.
 * @param variables that the runbook names, such as KID
 */
export async function terminalIn(t: Test, folder: string, variables: Readonly<Record<string, string>> = {}) {
  const bin = join(temporaryFolder(t), 'bin')
  mkdirSync(bin)
  const npx = join(bin, 'npx')
  const program = `env -u NODE_OPTIONS '${process.execPath}' '${file('src/main.ts')}'`
  writeFileSync(npx, `#!/bin/sh\n[ "$1" = signet ] || exit 64\nshift\nexec ${program} "$@"\n`)
  chmodSync(npx, 0o700)
  const { SIGNET_PORT = '', SIGNET_MANAGEMENT_PORT = '' } = await environmentOf(folder)
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SIGNET_'))
  const env = {
    ...Object.fromEntries(inherited),
    PATH: `${bin}:${process.env['PATH']}`,
    ...{ SIGNET_PORT, SIGNET_MANAGEMENT_PORT },
    ...variables,
  }

  /** Answers what a block prints. @throws when one of its commands fails */
  return (block: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn('sh', ['-eu', '-c', block], { cwd: folder, env })
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', chunk => (stdout += chunk))
      child.stderr.on('data', chunk => (stderr += chunk))
      child.on('error', reject)
      child.on('close', code =>
        code === 0 ? resolve(stdout) : reject(new Error(`${block}ended with ${code}: ${stdout}${stderr}`)),
      )
    })
}
