/** Chains of requests over several instances, and what they cost. */
import type { Chain } from '../refresh/load.ts'
import type { Server } from './server.ts'

/** Until the compiler of the runtime has seen what is hot. */
const WARM_UP_SECONDS = 3

export interface Costs {
  readonly requests: number
  /** Microseconds of processor of all instances. */
  readonly cpu: number
  /** Of the server; undefined without one. */
  readonly server: number | undefined
  readonly statements: number | undefined
  readonly statementTime: number | undefined
}

export async function measureCosts(options: {
  readonly ports: readonly number[]
  readonly chain: (port: number) => Promise<Chain>
  readonly chains: number
  readonly seconds: number
  readonly cpu: () => number
  readonly server: Server | undefined
}): Promise<Costs> {
  const { ports, chain, chains, seconds, cpu, server } = options
  const running: Chain[] = []
  for (let index = 0; index < chains; index += 1) running.push(await chain(ports[index % ports.length] ?? 0))
  let requests = 0
  async function runFor(time: number): Promise<void> {
    const end = performance.now() + time * 1000
    requests = 0
    await Promise.all(
      running.map(async ({ next }) => {
        for (; performance.now() < end; requests += 1) await next()
      }),
    )
  }
  await runFor(WARM_UP_SECONDS)
  const before = { cpu: cpu(), server: await server?.used() }
  await runFor(seconds)
  const after = { cpu: cpu(), server: await server?.used() }
  for (const { close } of running) close()
  const more = (field: 'cpu' | 'statements' | 'statementTime') => {
    const [last, first] = [after.server?.[field], before.server?.[field]]
    return last === undefined || first === undefined ? undefined : last - first
  }
  return {
    requests,
    cpu: after.cpu - before.cpu,
    server: more('cpu'),
    statements: more('statements'),
    statementTime: more('statementTime'),
  }
}
