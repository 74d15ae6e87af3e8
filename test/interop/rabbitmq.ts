/** RabbitMQ in a Debian, with the configuration of its page, and its Python client: PIKA names a Python that has it. */
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { freePort } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { type Debian, inDebian } from './debian.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { startLines } from './lines.ts'
import type { Front } from './machines.ts'

/** It loads for some seconds before it says anything, and on a busy machine for a minute. */
const START_MS = 120_000
/** There is no /proc in the folder, where it would look how much memory there is. */
const WITHOUT_PROC = 'vm_memory_calculation_strategy = allocated\nvm_memory_high_watermark.absolute = 512MB\n'
const PROGRAMS = '/usr/lib/rabbitmq/bin'

export interface Answered {
  readonly done?: true
  /** How many messages have come to a subscriber. */
  readonly received?: number
  /** What one asked for. */
  readonly got?: string | null
  /** The client's word for what happened, and what it shows: the server's code and text. */
  readonly refused?: string
  readonly says?: string
}

/** With a name, a cookie, ports and folders of its own. */
async function environmentOf(debian: Debian, { url, authorityFile = '' }: Front, port: number) {
  const configuration = placed(fileOnPage('rabbitmq', '/etc/rabbitmq/rabbitmq.conf'), {
    [ISSUER]: url,
    '/etc/ssl/certs/ca-certificates.crt': debian.write('authorities.pem', readFileSync(authorityFile, 'utf8')),
  })
  debian.write('home/.erlang.cookie', 'a-cookie-of-the-test', 0o400)
  const plugins = fileOnPage('rabbitmq', '/etc/rabbitmq/enabled_plugins')
  const { folder } = debian
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: `${folder}/home`,
    ERL_EPMD_PORT: await freePort(),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_NODENAME: 'test@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: port,
    RABBITMQ_DIST_PORT: await freePort(),
    RABBITMQ_MNESIA_BASE: `${folder}/mnesia`,
    RABBITMQ_LOG_BASE: `${folder}/log`,
    RABBITMQ_LOGS: '-',
    RABBITMQ_GENERATED_CONFIG_DIR: `${folder}/generated`,
    RABBITMQ_PID_FILE: `${folder}/pid`,
    RABBITMQ_CONFIG_FILE: debian.write('rabbitmq.conf', configuration + WITHOUT_PROC),
    RABBITMQ_ENABLED_PLUGINS_FILE: debian.write('enabled_plugins', plugins),
    RABBITMQ_ADVANCED_CONFIG_FILE: `${folder}/advanced.config`,
  }
}

/** @throws when it does not start */
export async function startRabbit(t: Test, release: 12 | 13, front: Front) {
  const debian = inDebian(t, release)
  const port = await freePort()
  const variables = await environmentOf(debian, front, port)
  const environment = ['-i', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)]
  // In the foreground, so that it ends with the test: Erlang would leave one behind.
  const names = ['-port', `${variables.ERL_EPMD_PORT}`]
  debian.start('epmd', [...names, '-address', '127.0.0.1'])
  await until(async () => (await debian.run('epmd', [...names, '-names'])).code === 0)
  const server = debian.start('env', [...environment, `${PROGRAMS}/rabbitmq-server`])
  let ended = false
  server.ended.finally(() => (ended = true)).catch(() => undefined)
  await until(async () => ended || server.output().includes('Server startup complete'), START_MS)
  if (ended) throw new Error(server.output())
  return {
    log: server.output,
    async ctl(...words: string[]): Promise<string> {
      const { code, output } = await debian.run('env', [...environment, `${PROGRAMS}/rabbitmqctl`, '-q', ...words])
      if (code !== 0) throw new Error(output)
      return output
    },
    client: () => startClient(t, port),
  }
}

/** A program that has connections, each under a name. */
function startClient(t: Test, port: number) {
  const python = process.env['PIKA'] ?? 'python3'
  const ask = startLines<Answered>(t, 'env', [`RABBITMQ_PORT=${port}`, python, 'test/interop/rabbitmq_client.py'])
  const say = (line: object) => ask(JSON.stringify(line))
  return {
    open: (name: string, token: string) => say({ open: name, password: token }),
    declare: (name: string, queue: string) => say({ on: name, do: 'declare', queue }),
    publish: (name: string, queue: string) => say({ on: name, do: 'publish', queue }),
    get: (name: string, queue: string) => say({ on: name, do: 'get', queue }),
    subscribe: (name: string, queue: string) => say({ on: name, do: 'subscribe', queue }),
    look: (name: string, queue: string) => say({ on: name, do: 'look', queue }),
    renew: (name: string, token: string) => say({ on: name, renew: token }),
  }
}
