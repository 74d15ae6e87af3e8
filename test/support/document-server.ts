/** A server of somebody else's, from which documents are fetched. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export const LOOPBACK = ['127.0.0.1/32']

export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** With a certificate it is https. `port` and `address` are the system's, and 127.0.0.1, unless given. */
export async function documentServer(
  t: Test,
  answer: RequestListener,
  { tls, port = 0, address = '127.0.0.1' }: { tls?: Certificate; port?: number; address?: string } = {},
) {
  const server =
    tls === undefined ? createServer(answer) : createSecureServer({ cert: tls.certificate, key: tls.key }, answer)
  const paths: string[] = []
  let connections = 0
  server.on('connection', () => (connections += 1))
  server.on('request', ({ url = '' }) => paths.push(url))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server.listen(port, address), 'listening')
  const own = (server.address() as AddressInfo).port
  return {
    port: own,
    /** TCP connections that it accepted. */
    connections: () => connections,
    /** Of the requests that arrived. */
    paths,
    uri: (path = '/', host = '127.0.0.1') => `${tls === undefined ? 'http' : 'https'}://${host}:${own}${path}`,
    nextConnection: () => once(server, 'connection'),
  }
}
