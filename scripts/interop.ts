/**
 * `npm run test:interop`: the tests that need more than npm's packages. Runs those whose programs are on this machine and names
 * the others, with how to install what they need. Exit code 1 when a test failed or was not run; with `--where-installed` only
 * when one failed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Program } from './interop/program.ts'
import { neededBy } from './interop/programs.ts'

const { values } = parseArgs({ options: { 'where-installed': { type: 'boolean', default: false } } })
const folder = fileURLToPath(new URL('../test/interop', import.meta.url))
const files = readdirSync(folder).filter(name => name.endsWith('.interop.ts'))

const pathOf = ({ variable, command }: Program): string => process.env[variable] ?? command
const isInstalled = (program: Program): boolean => {
  const [command = '', ...words] = [program.runner ?? [], pathOf(program), program.probe].flat()
  return spawnSync(command, words).status === 0
}

const programs = [...new Set(files.flatMap(neededBy))]
const installed = new Set(programs.filter(isInstalled))
const isThere = (program: Program): boolean => installed.has(program)

const missing = files.flatMap(file =>
  neededBy(file)
    .filter(program => !isThere(program))
    .map(({ name, variable, install }) => `${file} not run: ${name} is not there (${install}, or ${variable}=PATH)`),
)
for (const line of missing) console.log(`interop: ${line}`)
if (missing.length > 0 && !values['where-installed']) process.exitCode = 1

/** A test of several programs finds the variables of those that are there, and of no others. */
const environment = { ...process.env }
for (const program of programs) {
  if (isThere(program)) environment[program.variable] = pathOf(program)
  else delete environment[program.variable]
}

const runnable = files.filter(file => neededBy(file).length === 0 || neededBy(file).some(isThere))
const words = runnable.map(file => `test/interop/${file}`)
const tap = spawn('tap', words, { stdio: 'inherit', env: environment })
const [code] = await once(tap, 'exit')
if (code !== 0) process.exitCode = 1
