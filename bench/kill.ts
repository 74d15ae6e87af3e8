/**
 * Kills the service with SIGKILL at random moments while clients sign in, refresh and revoke, and looks at what is left: no
 * acknowledged revocation or rotation may be lost, nothing may be half done, and every client must be able to go on.
 *
 *     npm run bench:kill -- --kills 1000
 */
import { parseArgs } from 'node:util'
import { run } from './kill/run.ts'
import { prepareService } from './service.ts'

const { values } = parseArgs({ options: { kills: { type: 'string', default: '100' } } })
const { environment, remove } = prepareService(34571)
try {
  const { violations, kills, acknowledged, repeated, longestOutageMs } = await run({
    kills: Number(values.kills),
    environment,
  })
  for (const violation of violations) console.error(violation)
  const list = (counts: object) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  const outage = `back after ${(longestOutageMs / 1000).toFixed(1)} s at the latest`
  console.log(
    `${kills} kills, ${violations.length} violations; acknowledged: ${list(acknowledged)}; repeated: ${list(repeated)}; ${outage}`,
  )
  if (violations.length > 0) process.exitCode = 1
} finally {
  remove()
}
