/** A TCP switch, in the place of an address that moves from one server to another. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Switch {
  readonly port: number
  /** Ends every connection; new ones lead there. Undefined: nowhere. */
  leadTo(port: number | undefined): void
  close(): void
}

export async function startSwitch(): Promise<Switch> {
  let target: number | undefined
  const sockets = new Set<Socket>()

  function join(one: Socket, other: Socket): void {
    sockets.add(one)
    one.on('error', () => {})
    one.on('data', chunk => void other.write(chunk))
    one.on('close', () => {
      sockets.delete(one)
      other.destroy()
    })
  }

  const server = createServer(client => {
    if (target === undefined) return void client.destroy()
    const behind = connect(target, '127.0.0.1')
    join(client, behind)
    join(behind, client)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    leadTo(port) {
      target = port
      endAll()
    },
    close() {
      server.close()
      endAll()
    },
  }
}
