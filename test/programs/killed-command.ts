/**
 * Runs the command of its words on the database of the environment, after a first word that says how many of its writes are durable
 * when the process is gone, as by kill -9: of `2` two, and of `2-` one, and another one was made but for its commit.
 */
import { runProgram } from '../../src/commands/program.ts'
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { Write } from '../../src/records/unit-of-work.ts'
import { untilAllAreReady } from '../support/together.ts'

const [writes = '', ...words] = process.argv.slice(2)
const isBeforeCommit = writes.endsWith('-')
let left = Number.parseInt(writes, 10)

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}

const write =
  (inner: Write): Write =>
  async work => {
    left -= 1
    const done = await inner(async stores => {
      const made = await work(stores)
      return left === 0 && isBeforeCommit ? die() : made
    })
    return left === 0 ? die() : done
  }

const config = readConfig(
  Object.fromEntries(Object.entries(process.env).filter(([name]) => /^SIGNET_(?!TEST_)/.test(name))),
)
const { stdin, stdout, stderr } = process
const open = () => createContainer(config, { faults: { write }, logTo: { write: () => undefined } })
await untilAllAreReady()
process.exitCode = await runProgram({ open, io: { stdin, stdout, stderr, isTTY: false }, version: '' }, words)
