/**
 * Stands before a PostgreSQL server like a pooler that hands out its connections by the transaction: clients get numbers of the
 * pooler's own. What one sets in its session, somebody else would find there.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** BackendKeyData, with the number of the process behind it. */
const KEY_DATA = Buffer.from([0x4b, 0, 0, 0, 12])

function withNumberOfItsOwn(chunk: Buffer): Buffer {
  const at = chunk.indexOf(KEY_DATA)
  if (at >= 0) chunk.writeInt32BE(-7, at + KEY_DATA.length)
  return chunk
}

/** @returns the URL of the same database through the pooler */
export async function poolerBefore(t: Test, url: string): Promise<string> {
  const { hostname, port: behind } = new URL(url)
  const sockets: Socket[] = []
  const pooler = createServer(client => {
    const server = connect(Number(behind), hostname)
    sockets.push(client, server)
    for (const socket of [client, server]) socket.on('error', () => {})
    client.on('data', (chunk: Buffer) => server.write(chunk)).on('close', () => server.destroy())
    server.on('data', (chunk: Buffer) => client.write(withNumberOfItsOwn(chunk))).on('close', () => client.destroy())
  })
  t.teardown(() => {
    pooler.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(pooler.listen(0, '127.0.0.1'), 'listening')
  const { port } = pooler.address() as AddressInfo
  return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href
}
