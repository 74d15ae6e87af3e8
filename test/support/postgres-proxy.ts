/** Stands before a PostgreSQL server like a network in bad weather. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** As a server says it that is not ready yet (ErrorResponse). */
function fatal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

export async function proxyBefore(t: Test, url: string) {
  const { hostname, port: behind } = new URL(url)
  const sockets = new Set<Socket>()
  let weather: 'calm' | 'swallows' | Buffer = 'calm'
  const endAll = () => sockets.forEach(socket => void socket.destroy())
  const proxy = createServer(client => {
    const server = connect(Number(behind), hostname)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.on('data', chunk => {
      if (weather === 'calm') server.write(chunk)
      else if (weather !== 'swallows') client.end(weather)
    })
    server.on('data', chunk => weather === 'calm' && client.write(chunk))
    client.on('close', () => server.destroy())
    // A network that swallows packets swallows the goodbye, too.
    server.on('close', () => weather !== 'swallows' && client.destroy())
  })
  t.teardown(() => {
    proxy.close()
    endAll()
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const { port } = proxy.address() as AddressInfo
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    /** What is under way arrives nowhere, and what connects is answered by nobody. What it answers ends that. */
    swallow() {
      weather = 'swallows'
      return () => {
        weather = 'calm'
      }
    },
    /** Those who are connected reach nobody any more, and hear nothing of it; whoever connects then does. */
    forget() {
      for (const socket of sockets) socket.removeAllListeners('data').resume()
    },
    /** All connections end, and new ones are told this. */
    refuse(code: string, message: string) {
      weather = fatal(code, message)
      endAll()
      return () => {
        weather = 'calm'
      }
    },
    /** Nobody listens any more. */
    async close() {
      proxy.close()
      endAll()
      return async () => void (await once(proxy.listen(port, '127.0.0.1'), 'listening'))
    },
  }
}
