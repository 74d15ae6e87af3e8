/**
 * A service whose clock is moved by the rotation interval at each round: INTERVAL_MS. It tells what its JWKS is then, and how often
 * it had made a key that another process was faster with.
 */

import { createContainer } from '../../src/compose/container.ts'
import type { Faults } from '../../src/compose/sources.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { testClock } from '../support/clock.ts'
import { request } from '../support/serve.ts'
import { forEachRound } from '../support/together.ts'

const [startMs = '', intervalMs = ''] = process.argv.slice(2)
const clock = testClock(Number(startMs))
let discarded = 0
const privateKeys: Faults['privateKeys'] = files => ({
  ...files,
  discard: kid => {
    discarded += 1
    return files.discard(kid)
  },
})

const config = readConfig(
  Object.fromEntries(Object.entries(process.env).filter(([name]) => /^SIGNET_(?!TEST_)/.test(name))),
)
const container = createContainer(config, { clock, faults: { privateKeys }, logTo: { write: () => undefined } })
const service = await container.serve()
await forEachRound(async () => {
  clock.advance(Number(intervalMs))
  await service.tick()
  const ready = await request(`http://127.0.0.1:${config.managementPort}/readyz`)
  const { body } = await request(`${config.issuer}/.well-known/jwks.json`)
  const published = body.keys.map(({ kid }: { kid: string }) => kid).sort()
  return JSON.stringify({ published, discarded, ready: ready.status })
})
await service.stop()
await container.close()
