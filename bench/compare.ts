/**
 * Signet beside other token services, each a process of its own on the same Node, asked in turn: refresh, password grant,
 * introspection, JWKS, status list; processor time, start and memory. What is measured and what can't be compared: docs/performance.md.
 *
 *     npm run bench                                  # all of it, on one core and on two
 *     npm run bench -- --only refresh,jwks --cores 1 --peers oidc-provider --seconds 8
 *     npm run bench -- --json figures.json
 *     npm run bench -- --write-docs                  # the figures of docs/performance.md, and its picture
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chartOf } from './compare/chart.ts'
import { type Kind, kinds } from './compare/loads.ts'
import { markdownOf, type Report } from './compare/report.ts'
import { runPlan } from './compare/run.ts'
import { peerNames, preparePeer, prepareSignet, type Service } from './compare/services.ts'

const parts = [...kinds, 'start'] as const
const { values } = parseArgs({
  options: {
    /** Of each service and kind of load. */
    seconds: { type: 'string', default: '20' },
    only: { type: 'string', default: parts.join() },
    cores: { type: 'string', default: '1,2' },
    peers: { type: 'string', default: peerNames.join() },
    json: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
})

function chosen<T extends string>(option: string, text: string, known: readonly T[]): readonly T[] {
  const names = text.split(',').filter(name => name !== '')
  const unknown = names.filter(name => !known.some(each => each === name))
  if (unknown.length > 0) throw new Error(`--${option}: ${unknown} is not one of ${known.join(', ')}`)
  return known.filter(each => names.includes(each))
}

const only = chosen('only', values.only, parts)
const cores = chosen('cores', values.cores, ['1', '2'])
const peers = chosen('peers', values.peers, peerNames)
const isWhole = only.length === parts.length && cores.length === 2 && peers.length === peerNames.length
if (values['write-docs'] && !isWhole)
  throw new Error('--write-docs is for a whole run: without --only, --cores and --peers')

const lastCore = availableParallelism() - 1
if (lastCore < 1) throw new Error('This needs two cores: one for the service, one for the load.')
// The load runs on the last core, so that on a machine with two the one-core figures are undisturbed.
execFileSync('taskset', ['-acp', String(lastCore), String(process.pid)], { stdio: 'ignore' })

const loadAverage = loadavg()[0] ?? 0
if (loadAverage > 0.5)
  process.stderr.write(`The machine is busy (load average ${loadAverage.toFixed(1)}): the figures will not repeat.\n`)

/** Below those that Linux gives to outgoing connections, of which the load makes many. */
const FIRST_PORT = 24_580
const services: Service[] = []

async function measure(): Promise<Report> {
  try {
    services.push(await prepareSignet(FIRST_PORT))
    // Signet has a second port.
    for (const [index, name] of peers.entries()) services.push(preparePeer(name, FIRST_PORT + 2 + index))
    const results = await runPlan({
      services,
      kinds: only.filter((part): part is Kind => part !== 'start'),
      measuresStart: only.includes('start'),
      cores: cores.map(Number),
      seconds: Number(values.seconds),
    })
    return {
      measuredOn: new Date().toISOString().slice(0, 10),
      machine: `${lastCore + 1} cores of ${cpus()[0]?.model.trim()}`,
      node: process.versions.node,
      openssl: execFileSync('openssl', ['version'], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' '),
      versions: Object.fromEntries(services.map(({ name, version }) => [name, version])),
      secondsEach: Number(values.seconds),
      loadAverage,
      loadShares: lastCore === 1,
      results,
    }
  } finally {
    for (const service of services) service.remove()
  }
}

function writeDocs(report: Report): void {
  const inDocs = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url))
  const page = readFileSync(inDocs('performance.md'), 'utf8')
  const marked = /(<!-- figures: .*? -->\n).*(<!-- end of the figures -->)/s
  if (!marked.test(page)) throw new Error('docs/performance.md has no marked part for the figures.')
  writeFileSync(
    inDocs('performance.md'),
    page.replace(marked, (_, begin, end) => `${begin}\n${markdownOf(report)}\n\n${end}`),
  )
  writeFileSync(inDocs('performance.svg'), chartOf(report))
}

const report = await measure()
console.log(markdownOf(report))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
if (values['write-docs']) writeDocs(report)
