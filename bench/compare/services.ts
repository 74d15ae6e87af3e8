/** Signet and its peers: each a process of its own on this Node, with the same users and the same paths. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { addAccountsBefore } from '../accounts.ts'
import { type Connection, ConnectionLost, openConnection } from '../connection.ts'
import { audience, password, resourceSecret } from '../forms.ts'
import { type Environment, prepareService, shipped, surroundings } from '../service.ts'

export const peerNames = ['oidc-provider', '@jmondi/oauth2-server', '@node-oauth/oauth2-server'] as const
export type PeerName = (typeof peerNames)[number]

export interface Service {
  readonly name: string
  readonly version: string
  readonly port: number
  readonly words: readonly string[]
  readonly environment: Environment
  /** What a sign-in asks for besides, so that its access token can be introspected; undefined when the service has no introspection. */
  readonly introspectable: string | undefined
  remove(): void
}

/** One for each chain, so that no rule of the service about one person's sessions is what is measured. */
export const usernames: readonly string[] = Array.from({ length: 64 }, (_, index) => `bench${index}`)
export const jwksPath = '/.well-known/jwks.json'

/** Its introspection refuses JWTs. */
const opaqueAudience = 'https://opaque.example.com'
const introspectables: Record<PeerName, string | undefined> = {
  'oidc-provider': `&resource=${encodeURIComponent(opaqueAudience)}`,
  '@jmondi/oauth2-server': '',
  '@node-oauth/oauth2-server': undefined,
}
const programs: Record<PeerName, string> = {
  'oidc-provider': 'oidc-provider',
  '@jmondi/oauth2-server': 'jmondi',
  '@node-oauth/oauth2-server': 'node-oauth',
}

const versionIn = (folder: string): string =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`${folder}/package.json`, import.meta.url)), 'utf8')).version

export async function prepareSignet(port: number): Promise<Service> {
  const { environment, remove } = prepareService(port)
  await addAccountsBefore(environment, usernames)
  return { name: 'Signet', version: versionIn('../..'), port, words: shipped, environment, introspectable: '', remove }
}

export function preparePeer(name: PeerName, port: number): Service {
  const folder = mkdtempSync(join(tmpdir(), 'signet-bench-peer-'))
  const program = fileURLToPath(new URL('../peers/main.js', import.meta.url))
  const settings = { port, folder, usernames, password, audience, opaqueAudience, resourceSecret }
  return {
    name,
    version: versionIn(`../peers/node_modules/${name}`),
    port,
    words: [program, programs[name], JSON.stringify(settings)],
    environment: { ...surroundings(), NODE_ENV: 'production' },
    introspectable: introspectables[name],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** @returns undefined while nobody listens */
async function connectionTo(port: number): Promise<Connection | undefined> {
  try {
    return await openConnection(port)
  } catch (error) {
    if (error instanceof ConnectionLost) return undefined
    throw error
  }
}

export interface Running {
  readonly service: Service
  readonly child: ChildProcess
  readonly pid: number
  /** Until the JWKS was answered. */
  readonly startMilliseconds: number
}

/** @param cores as taskset takes them */
export async function start(service: Service, cores: string): Promise<Running> {
  const begin = performance.now()
  const words = ['-c', cores, process.execPath, ...service.words]
  const child = spawn('taskset', words, { env: service.environment, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', chunk => {
    errors += chunk
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${service.name} ended with ${child.exitCode}:\n${errors}`)
    const connection = await connectionTo(service.port)
    if (connection !== undefined) {
      const { status } = await connection.get(jwksPath)
      connection.close()
      if (status === 200) break
    }
    await delay(2)
  }
  return { service, child, pid: child.pid ?? 0, startMilliseconds: performance.now() - begin }
}
