/**
 * Grants of machines per second, at 64 connections: client credentials and the exchange of an API key, beside refreshes and what
 * `openssl speed rsa2048` signs on one core, in one run. Then verified requests at a resource service in one process: with an API key
 * beside an access token.
 *
 *     npm run bench:machines
 *     npm run bench:machines -- --seconds 20
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { addAccountsBefore, addMachines, clientCredentialsForm, exchangeForm } from './accounts.ts'
import { opensslSignatures } from './limits.ts'
import { measureResource } from './machines/resource.ts'
import { type Chain, formChain, measure, refreshChain } from './refresh/load.ts'
import { cpuTime, endService, prepareService, startService } from './service.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, 'warm-up': { type: 'string', default: '20' } },
})
const port = 34579
const load = { port, chains: 64, seconds: Number(values.seconds), warmUpSeconds: Number(values['warm-up']) }

execFileSync('taskset', ['-acp', String(availableParallelism() - 1), String(process.pid)], { stdio: 'ignore' })
const { environment, remove } = prepareService(port)
try {
  await addAccountsBefore(environment)
  const apiKey = await addMachines(environment)
  const kinds: Readonly<Record<string, (port: number) => Promise<Chain>>> = {
    refresh: refreshChain,
    'client credentials': formChain(clientCredentialsForm),
    exchange: formChain(exchangeForm(apiKey)),
  }
  const signatures = opensslSignatures('0')
  let refreshes = Number.NaN
  for (const [name, chain] of Object.entries(kinds)) {
    // Each from a fresh start: what one of them has warmed or filled is not for the next.
    const service = await startService(environment, '0')
    const pid = service.pid ?? 0
    const { perSecond, cpuMicroseconds, p50, p99 } = await measure({ ...load, chain, cpuTime: () => cpuTime(pid) })
    await endService(service)
    if (name === 'refresh') refreshes = perSecond
    const columns = [
      name.padEnd(20),
      `${perSecond.toFixed(0)} /s`,
      `${(perSecond / refreshes).toFixed(2)} x refresh`,
      `${(perSecond / signatures).toFixed(2)} x openssl`,
      `${cpuMicroseconds.toFixed(0)} µs of processor each`,
      `p50 ${p50.toFixed(1)} ms`,
      `p99 ${p99.toFixed(1)} ms`,
    ]
    console.log(columns.join('   '))
  }
  const service = await startService(environment, '0')
  for (const [name, perSecond] of Object.entries(await measureResource(port, apiKey)))
    console.log(`${name.padEnd(20)}   ${perSecond.toFixed(0)} verified requests/s in one process`)
  await endService(service)
} finally {
  remove()
}
