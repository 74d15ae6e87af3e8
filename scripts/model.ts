/**
 * `npm run model`: the models of docs/model.md, every case of model/cases.txt searched to its end. `--short` takes those that are marked
 * and small, `--only TEXT` those whose name has the text. Exit code 1 when a case is not as expected, 2 when spin or gcc is missing.
 */
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

const run = promisify(execFile)
const models = fileURLToPath(new URL('../model', import.meta.url))

interface Case {
  readonly name: string
  readonly isShort: boolean
  readonly model: string
  readonly expected: string
  readonly switches: readonly string[]
}

const onDatabases: Record<string, readonly (readonly [label: string, ...switches: string[]])[]> = {
  both: [['SQLite'], ['PostgreSQL', 'POSTGRES']],
  sqlite: [['SQLite']],
  postgres: [['PostgreSQL', 'POSTGRES']],
  '-': [['']],
}

/** A line for each database. */
function casesOf(line: string): readonly Case[] {
  const [name, model, databases, expected, switches] = line.split(';').map(part => part.trim())
  const known = onDatabases[databases ?? '']
  if (!name || !model || !expected || known === undefined || switches === undefined)
    throw new Error(`cases.txt, not understood: ${line}`)
  const isShort = name.startsWith('*')
  return known.map(([label, ...own]) => ({
    name: [name.replace(/^\* */, ''), label].filter(Boolean).join(', '),
    isShort,
    model,
    expected,
    switches: [...own, ...switches.split(' ').filter(Boolean)],
  }))
}

/** The checker, or what the compiler or spin has to say against the model. */
async function build({ model, switches, isShort }: Case, folder: string): Promise<void> {
  // spin writes where it runs, and includes from there.
  cpSync(models, folder, { recursive: true })
  const defines = switches.filter(name => name !== 'LOOPS').map(name => `-D${name}`)
  const search = switches.includes('LOOPS') ? '-DNP' : '-DSAFETY'
  // The reason of a failure stands in what spin prints, whatever its exit code.
  const { stdout } = await run('spin', ['-a', ...defines, `${model}.pml`], { cwd: folder })
  if (/Error/i.test(stdout)) throw new Error(stdout)
  const options = [isShort ? '-O0' : '-O1', '-w', search, '-DCOLLAPSE', '-DVECTORSZ=2048', '-DMEMLIM=4000']
  await run('gcc', [...options, '-o', 'pan', 'pan.c'], { cwd: folder })
}

/** Ten minutes are far more than any of them takes. */
const LONGEST_MS = 600_000

/** What a finished search found; a search that was cut short found nothing, and says why. */
async function search({ switches }: Case, folder: string): Promise<{ found: string; states: number }> {
  const how = [...(switches.includes('LOOPS') ? ['-l'] : []), '-m1000000']
  const { stdout } = await run(join(folder, 'pan'), how, { cwd: folder, timeout: LONGEST_MS })
  const states = Number(/([\d.e+]+) states, stored/.exec(stdout)?.[1] ?? 0)
  if (/max search depth too small|out of memory|reached -DMEMLIM/.test(stdout))
    throw new Error(`not finished:\n${stdout}`)
  const wrong = /^pan:1: (.*) \(at depth/m.exec(stdout)?.[1]
  if (wrong === undefined) {
    if (!/errors: 0/.test(stdout)) throw new Error(`not finished:\n${stdout}`)
    return { found: 'holds', states }
  }
  const property = /^assertion violated \(?(\w+)/.exec(wrong)?.[1]
  if (property !== undefined) return { found: property, states }
  return {
    found: wrong.startsWith('non-progress cycle') ? 'endless' : wrong.replace(/^invalid end state$/, 'deadlock'),
    states,
  }
}

const slug = (name: string): string => name.replace(/[^a-zA-Z]+/g, '-')

async function check(one: Case, root: string): Promise<boolean> {
  const folder = join(root, slug(one.name))
  mkdirSync(folder)
  const startedAt = performance.now()
  const { found, states } = await build(one, folder)
    .then(() => search(one, folder))
    .catch((error: Error & { stdout?: string; stderr?: string }) => ({
      found: ['no result:', error.message, error.stdout, error.stderr].filter(Boolean).join('\n'),
      states: 0,
    }))
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  const isAsExpected = found === one.expected
  console.log(
    `${isAsExpected ? '  ' : '!!'} ${one.name}: ${found}${isAsExpected ? '' : `, expected: ${one.expected}`} (${states} states, ${seconds} s)`,
  )
  if (isAsExpected) rmSync(folder, { recursive: true })
  else
    writeFileSync(
      join(folder, 'how.txt'),
      `spin -p -k ${one.model}.pml.trail ${one.switches.map(name => `-D${name}`).join(' ')} ${one.model}.pml\n`,
    )
  return isAsExpected
}

const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})

const missing = [
  ['spin', '-V'],
  ['gcc', '--version'],
].flatMap(([program = '', probe = '']) => (spawnSync(program, [probe]).status === 0 ? [] : [program]))
if (missing.length > 0) {
  console.log(`model: not run: ${missing.join(' and ')} missing (apt-get install spin gcc libc6-dev)`)
  process.exit(2)
}

const waiting = readFileSync(join(models, 'cases.txt'), 'utf8')
  .split('\n')
  .filter(line => line.trim() !== '' && !line.startsWith('#'))
  .flatMap(casesOf)
  .filter(({ name, isShort }) => name.includes(values.only) && (isShort || !values.short))
const root = mkdtempSync(join(tmpdir(), 'signet-model-'))
process.once('SIGINT', () => {
  rmSync(root, { recursive: true, force: true })
  process.exit(130)
})
let good = 0
let bad = 0

async function work(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (await check(next, root)) good += 1
    else bad += 1
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work))

console.log(`${good} cases as expected, ${bad} not`)
if (bad === 0) rmSync(root, { recursive: true })
else console.log(`The runs lie in ${root}; how.txt shows the steps of each.`)
process.exitCode = good > 0 && bad === 0 ? 0 : 1
