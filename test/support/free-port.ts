import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * A free port of the loopback address: below those that the system gives to connections (proc(5), ip_local_port_range), which
 * would take one between this look and its use.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000)
    const isFree = await new Promise<boolean>(resolve => {
      const server = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}
