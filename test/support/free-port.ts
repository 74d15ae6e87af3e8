import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

const listenOn = (port: number): Promise<Server | undefined> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined)).listen(port, '127.0.0.1', () => resolve(server))
  })

/** Amanda's, to which fetch makes no request (Fetch §2.9, port blocking); the others are outside of the range here. */
const BLOCKED = 10_080

/**
 * A port of the loopback address that is free, and that nobody else who asks here is given for as long as this process runs: the odd
 * port behind it is held for that, which the system gives back however the process ends. Below those that the system gives to
 * connections (proc(5), ip_local_port_range), which would take one between this look and its use.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(5000, 16_000) * 2
    if (port === BLOCKED) continue
    const held = await listenOn(port + 1)
    if (held === undefined) continue
    const free = await listenOn(port)
    if (free !== undefined) {
      held.unref()
      await new Promise(resolve => free.close(resolve))
      return port
    }
    held.close()
  }
}
