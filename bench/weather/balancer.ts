/**
 * A balancer like those that stand before instances: each in turn, none whose /readyz fails, and on with the next one when a
 * connection is refused; what was sent is not sent again (nginx's `proxy_next_upstream error`). When none is ready, all are asked.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { INSTANCE, LOST, send, textOf } from './asking.ts'

export interface Target {
  readonly name: string
  readonly port: number
  readonly managementPort: number
}

export interface Balancer {
  readonly port: number
  /** Whether an instance gets requests, as its /readyz said last. */
  isReady(name: string): boolean
  /** From now on to these. */
  follow(targets: readonly Target[]): void
  close(): void
}

const BETWEEN_PROBES_MS = 250
const LONGEST_PROBE_MS = 1000

const isRefused = (error: unknown): boolean => (error as { code?: string }).code === 'ECONNREFUSED'

export async function startBalancer(port: number): Promise<Balancer> {
  let targets: readonly Target[] = []
  const ready = new Set<string>()
  let turn = 0
  const state = { isClosed: false }

  async function probe({ name, managementPort }: Target): Promise<void> {
    const asked = { port: managementPort, path: '/readyz', method: 'GET', headers: {}, body: undefined }
    const status = await send(asked, LONGEST_PROBE_MS).then(
      message => message.resume().statusCode,
      () => 0,
    )
    if (status === 200) ready.add(name)
    else ready.delete(name)
  }

  async function probeForEver(): Promise<void> {
    while (!state.isClosed) {
      await Promise.all(targets.map(probe))
      await delay(BETWEEN_PROBES_MS)
    }
  }

  /** All that may be asked, the one whose turn it is first. */
  function inTurn(): readonly Target[] {
    const able = targets.some(({ name }) => ready.has(name)) ? targets.filter(({ name }) => ready.has(name)) : targets
    turn += 1
    return able.map((_, index) => able[(turn + index) % able.length] as Target)
  }

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request)
    const { 'x-forwarded-for': address, 'content-type': type, 'content-length': length, host } = request.headers
    const headers = {
      ...{ host: host ?? '', 'x-forwarded-for': String(address ?? '') },
      ...(type !== undefined && { 'content-type': type, 'content-length': length ?? 0 }),
    }
    const asked = { path: request.url ?? '/', method: request.method ?? 'GET', headers, body }
    for (const { name, port } of inTurn()) {
      try {
        const answer = await send({ ...asked, port })
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, [INSTANCE]: name })
        return void response.end(await textOf(answer))
      } catch (error) {
        ready.delete(name)
        if (!isRefused(error)) return lose(response, `the connection to ${name} ended: ${error}`, name)
      }
    }
    lose(response, 'every instance refuses connections')
  }

  function lose(response: ServerResponse, why: string, name = ''): void {
    if (response.headersSent) return void response.destroy()
    response.writeHead(502, { [LOST]: '1', [INSTANCE]: name }).end(why)
  }

  const server = createServer((request, response) => void pass(request, response))
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const probing = probeForEver()
  return {
    port: (server.address() as AddressInfo).port,
    isReady: name => ready.has(name),
    follow(these) {
      targets = these
    },
    close() {
      state.isClosed = true
      server.close()
      server.closeAllConnections()
      void probing
    },
  }
}
