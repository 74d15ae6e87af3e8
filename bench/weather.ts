/**
 * Three instances on one PostgreSQL server, behind a balancer, under a mixed load with an operator's acts, in bad weather: instances
 * that are killed and replaced; a server that is restarted, frozen, read-only, or has no connection left. What was acknowledged is
 * kept outside of the service, and everything that is answered is judged by it. Exit code 1 when something was lost or wrong.
 *
 *     npm run bench:weather
 *     npm run bench:weather -- --seconds 60 --seed 4711
 *     npm run bench:weather -- --standby synchronous
 */
import { parseArgs } from 'node:util'
import { runPromotion } from './weather/promotion.ts'
import { runWeather } from './weather/run.ts'

const { values } = parseArgs({
  options: {
    /** Below 300 each weather comes once, for a few seconds. */
    seconds: { type: 'string', default: '600' },
    /** `synchronous` or `asynchronous`: instead, a standby of this kind is promoted. */
    standby: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
})
const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
const { standby } = values
if (standby !== undefined && standby !== 'synchronous' && standby !== 'asynchronous')
  throw new Error('--standby is synchronous or asynchronous.')
const words = standby === undefined ? `--seconds ${seconds}` : `--standby ${standby}`
console.log(`weather: npm run bench:weather -- ${words} --seed ${seed}`)
// Instances and server end with this process, if it ends by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const result = standby === undefined ? await runWeather({ seconds, seed }) : await runPromotion(standby, seed)
console.log(`weather: ${typeof result === 'string' ? result : `${result} violations`}`)
process.exit(typeof result === 'string' ? 2 : Math.min(result, 1))
