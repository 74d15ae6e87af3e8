import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** For each of the `preferred` ports: itself, or another one that is free where a program has it already. */
export async function freePorts<const Ports extends readonly number[]>(
  preferred: Ports,
): Promise<{ [Index in keyof Ports]: number }> {
  // All are held until the last one is found, so that no two are the same.
  const servers = await Promise.all(preferred.map(port => listen(port).catch(() => listen(0))))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports as { [Index in keyof Ports]: number }
}

/** How the token service and the resource API say that they can't have a port. */
const isTaken = (error: unknown): boolean =>
  error instanceof Error && /EADDRINUSE|another process listens there/.test(error.message)

/** Starts something on free ports. One may be taken before it is used: then it is tried once more, with others. */
export async function onFreePorts<const Ports extends readonly number[], Started>(
  preferred: Ports,
  start: (ports: { [Index in keyof Ports]: number }) => Promise<Started>,
): Promise<Started> {
  try {
    return await start(await freePorts(preferred))
  } catch (error) {
    if (!isTaken(error)) throw error
    return start(await freePorts(preferred))
  }
}
