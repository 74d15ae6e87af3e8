/**
 * Does one act to the keys of the environment's service, and prints how many steps it has; it is gone, as by kill -9, at step
 * KILL_AT: ACT KILL_AT. Each change of a key file is a step, and each write is two: ready to be committed, and committed.
 */

import { createContainer } from '../../src/compose/container.ts'
import type { Faults } from '../../src/compose/sources.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { KeyStore } from '../../src/keys/private-keys.ts'
import { byTest } from '../support/serve.ts'
import { untilAllAreReady } from '../support/together.ts'

const [act = '', killAt = ''] = process.argv.slice(2)
let steps = 0

/** Killed by a signal, nothing runs on. */
async function step(): Promise<void> {
  steps += 1
  if (steps !== Number(killAt)) return
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => undefined)
}

const around =
  <Values extends unknown[], T>(work: (...values: Values) => Promise<T>) =>
  async (...values: Values): Promise<T> => {
    const result = await work(...values)
    await step()
    return result
  }

const privateKeys = (files: KeyStore): KeyStore => ({
  ...files,
  prepare: around(files.prepare),
  commit: around(files.commit),
  remove: around(files.remove),
})
const faults: Faults = {
  privateKeys,
  epochFile: file => ({ ...file, write: around(file.write) }),
  write: write =>
    around(work =>
      write(async stores => {
        const result = await work(stores)
        await step()
        return result
      }),
    ),
}

const config = readConfig(
  Object.fromEntries(Object.entries(process.env).filter(([name]) => /^SIGNET_(?!TEST_)/.test(name))),
)
const container = createContainer(config, { faults, logTo: { write: () => undefined } })
const reason = 'test'
const acts: Record<string, () => Promise<unknown>> = {
  'first keys': () => container.serve(),
  rotate: async () => (await container.keyLifecycle()).rotate(byTest),
  revoke: async () => {
    const lifecycle = await container.keyLifecycle()
    const active = (await lifecycle.list()).find(({ state }) => state === 'active')
    await lifecycle.revoke(active?.kid ?? '', reason, byTest)
  },
  'revoke --all': async () => (await container.keyLifecycle()).revokeAll(reason, byTest),
}
await untilAllAreReady()
await acts[act]?.()
process.stdout.write(`${steps}\n`)
process.exit()
