/**
 * A day of simulated time over real HTTP, and the hours after it: a million tokens are issued and 300,000 people sign out, while
 * the janitor sweeps every five minutes. No table may hold more than what is still alive and one batch.
 *
 *     npm run bench:day -- --share 0.01     # a hundredth of it
 */
import { parseArgs } from 'node:util'
import { run } from './day/run.ts'
import { prepareService } from './service.ts'

const { values } = parseArgs({ options: { share: { type: 'string', default: '1' } } })
const { environment, remove } = prepareService(34573)
try {
  const begin = performance.now()
  const report = await run({ share: Number(values.share), environment })
  for (const violation of report.violations) console.error(violation)
  const { issued, signedOut, most, atTheEnd, writtenByRefresh, violations } = report
  const list = (counts: object) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  console.log(`${issued} tokens, ${signedOut} sign-outs in ${((performance.now() - begin) / 1000).toFixed(0)} s`)
  console.log(`rows after a sweep, at most: ${list(most)}; at the end: ${list(atTheEnd)}`)
  console.log(`a refresh writes: ${list(writtenByRefresh)}; ${violations.length} violations`)
  if (violations.length > 0) process.exitCode = 1
} finally {
  remove()
}
