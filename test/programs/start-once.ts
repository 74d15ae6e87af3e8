/**
 * Starts the service of the environment, prints its JWKS and stops. With the word `die-before-keys-are-stored` the process is
 * gone, as by kill -9, at the moment in which it would have written the first keys to the database.
 */

import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { atKeys } from '../support/first-keys.ts'
import { untilAllAreReady } from '../support/together.ts'

const dies = atKeys(() => () => {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
})

const config = readConfig(
  Object.fromEntries(Object.entries(process.env).filter(([name]) => /^SIGNET_(?!TEST_)/.test(name))),
)
await untilAllAreReady()
const container = createContainer(config, {
  faults: process.argv[2] === 'die-before-keys-are-stored' ? dies : {},
  logTo: { write: () => undefined },
})
const running = await container.serve()
const published = await fetch(`${config.issuer}/.well-known/jwks.json`)
process.stdout.write(`${await published.text()}\n`)
await running.stop()
await container.close()
