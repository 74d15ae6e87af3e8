/** The runbooks of docs/, and a shell that follows them. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { environmentOf, folderOnDisk } from './environment.ts'
import { toRestore } from './restore.ts'
import { device } from './status-list.ts'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The pages of docs/runbooks/ that each chapter of the index leads to. */
export const chapters: ReadonlyMap<string, readonly string[]> = new Map(
  readFileSync(file('docs/runbooks.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map(text => {
      const pages = [...text.matchAll(/\]\(runbooks\/([\w-]+)\.md\)/g)].map(([, page = '']) => page)
      return [text.slice(0, text.indexOf('\n')), [...new Set(pages)]]
    }),
)

export const textOf = (page: string): string => readFileSync(file(`docs/runbooks/${page}.md`), 'utf8')

/** The shell blocks of a page, in order. */
export const blocksOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)

/** The only block of a page that is a file of this kind. */
export const fileOf = (page: string, kind: string): string =>
  new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\`$`, 'ms').exec(textOf(page))?.[1] ?? ''

/** The pages of a chapter on which there are commands. */
export const pagesWithCommandsIn = (chapter: string): string[] =>
  (chapters.get(chapter) ?? []).filter(page => blocksOf(page).length > 0)

/** A test that these are they. */
export const isFollowed = (t: Test, chapter: string, pages: readonly string[]): Promise<unknown> =>
  t.test('every page of the chapter that has commands is followed', async t => {
    t.strictSame(pagesWithCommandsIn(chapter), pages)
  })

/** A running service on which alice has signed in on a device. */
export async function running(t: Test) {
  const its = await toRestore(t)
  return { ...its, before: await device(its.service) }
}

/**
 * A terminal in the folder of a service: `./signet` is the program, the database is db/signet.sqlite, and the keys are in keys/.
 * @param variables that the runbook names, such as KID
 * @param programs of others that it calls, and where they are
 */
export async function terminalIn(
  t: Test,
  folder: string,
  variables: Readonly<Record<string, string>> = {},
  programs: Readonly<Record<string, string>> = {},
) {
  const bin = join(folderOnDisk(t), 'bin')
  mkdirSync(bin)
  const program = join(folder, 'signet')
  if (!existsSync(program)) symlinkSync(file('signet'), program)
  for (const [name, path] of Object.entries(programs)) symlinkSync(path, join(bin, name))
  const { SIGNET_PORT = '', SIGNET_MANAGEMENT_PORT = '' } = await environmentOf(folder)
  const inherited = Object.entries(process.env).filter(([name]) => !/^(SIGNET_|NODE_OPTIONS$)/.test(name))
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
