/** A server and an agent of SPIRE, whose two command lines SPIRE names: on the loopback address, in a folder of their own. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { freePort, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

export const trustDomain = 'example.org'
const node = `spiffe://${trustDomain}/node`

const spire = process.env['SPIRE'] ?? 'spire'
const command = async (words: readonly string[]): Promise<string> => (await promisify(execFile)(spire, words)).stdout
const succeeds = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    () => false,
  )

/** Starts what does not end by itself and waits until it is healthy. */
async function start(t: Test, which: 'server' | 'agent', folder: string, config: object): Promise<void> {
  const file = join(folder, `${which}.conf`)
  // HCL, which JSON is, too.
  writeFileSync(file, JSON.stringify(config))
  const child = spawn(spire, [which, 'run', '-config', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  t.teardown(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  await until(() => succeeds(command([which, 'healthcheck', '-socketPath', join(folder, `${which}.sock`)])))
}

const plugin = (name: string, data: object = {}) => ({ [name]: { plugin_data: data } })
const inMemory = { KeyManager: plugin('memory'), NodeAttestor: plugin('join_token') }
/** They keep their standard output for commands; what is amiss goes to standard error. */
const quiet = { log_level: 'ERROR', log_file: '/dev/null' }

/**
 * Starts both, of which the agent is attested by a token.
 * @param settings more of the server's own, as its users write them
 */
export async function startSpire(t: Test, settings: Readonly<Record<string, unknown>> = {}) {
  const folder = temporaryFolder(t)
  const place = (name: string): string => join(folder, name)
  const port = await freePort()
  const json = async (words: readonly string[]) =>
    JSON.parse(await command([...words, '-socketPath', place(`${words[0]}.sock`), '-output', 'json']))

  await start(t, 'server', folder, {
    server: {
      ...{ bind_address: '127.0.0.1', bind_port: port, socket_path: place('server.sock'), data_dir: folder },
      ...{ trust_domain: trustDomain, ...quiet, experimental: { cache_reload_interval: '100ms' } },
      ...settings,
    },
    plugins: {
      DataStore: plugin('sql', { database_type: 'sqlite3', connection_string: place('datastore') }),
      ...inMemory,
    },
  })
  const bundle = (...format: string[]) =>
    command(['server', 'bundle', 'show', '-socketPath', place('server.sock'), ...format])
  writeFileSync(place('bootstrap.pem'), await bundle())
  mkdirSync(place('agent'))
  const { value } = await json(['server', 'token', 'generate', '-spiffeID', node])
  await start(t, 'agent', folder, {
    agent: {
      ...{ server_address: '127.0.0.1', server_port: port, socket_path: place('agent.sock'), data_dir: place('agent') },
      ...{ trust_domain: trustDomain, trust_bundle_path: place('bootstrap.pem'), join_token: value },
      ...{ ...quiet, experimental: { sync_interval: '100ms' } },
    },
    plugins: { ...inMemory, WorkloadAttestor: plugin('unix') },
  })

  /** What the Workload API gives to whatever this user runs. */
  async function svid(spiffeId: string, audience: string): Promise<string> {
    const [{ svids }] = await json(['agent', 'api', 'fetch', 'jwt', '-spiffeID', spiffeId, '-audience', audience])
    return svids[0].svid
  }

  const keys = (verb: string, ...more: string[]) => json(['server', 'localauthority', 'jwt', verb, ...more])

  return {
    /** As the bundle endpoint shows it. */
    bundle: () => bundle('-format', 'spiffe'),
    svid,
    /** Registers what this user runs, and waits until the agent has heard of it. */
    async register(spiffeId: string): Promise<void> {
      const entry = ['-parentID', node, '-spiffeID', spiffeId, '-selector', `unix:uid:${process.getuid?.()}`]
      await json(['server', 'entry', 'create', ...entry])
      await until(() => succeeds(svid(spiffeId, 'nobody')))
    },
    /** Publishes another key for JWT-SVIDs, which signs nothing yet, and answers its `kid`. */
    prepareKey: async (): Promise<string> => (await keys('prepare')).prepared_authority.authority_id,
    activateKey: (kid: string) => keys('activate', '-authorityID', kid),
    /** What one that signs no longer has signed, the agent no longer hands out, as soon as it hears of it. */
    taintKey: (kid: string) => keys('taint', '-authorityID', kid),
    /** Takes a tainted one out of the bundle. */
    revokeKey: (kid: string) => keys('revoke', '-authorityID', kid),
  }
}
