/** A proxy of Debian 12 that stands before a service and lets in who has a good token. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { addClient } from '../support/clients.ts'
import { type Answer, api, freePort, request } from '../support/serve.ts'
import { inDebian } from './debian.ts'
import { fileOnPage } from './integration-pages.ts'
import { listens } from './listening.ts'
import { type VerifiedOptions, withVerified } from './verified.ts'

export const onPage = (name: string): string => fileOnPage('proxies', name)

/** Answers what it was told of the user. */
async function startService(t: Test): Promise<number> {
  const service = createServer(({ headers }, answer) => answer.end(JSON.stringify({ user: headers['x-user'] ?? null })))
  await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void service.close().closeAllConnections())
  return (service.address() as AddressInfo).port
}

/** Signet with the client by which proxies introspect, a Debian, the service, and a port for the proxy. */
export async function withProxy(t: Test, options: VerifiedOptions = {}) {
  const signet = await withVerified(t, options)
  await addClient(signet.service, {
    ...{ clientId: 'api-gateway', grants: [], scope: [], audiences: [] },
    introspect: [api],
  })
  const debian = inDebian(t, 12)
  const [port, servicePort] = [await freePort(), await startService(t)]
  const url = `http://127.0.0.1:${port}/`
  /** Asks for the page, as somebody who claims to be root. */
  const ask = (token?: string): Promise<Answer> =>
    request(url, { headers: { 'x-user': 'root', ...(token !== undefined && { authorization: `Bearer ${token}` }) } })
  const statusOf = async (token?: string): Promise<number> => (await ask(token)).status
  return {
    ...{ signet, debian, ask, statusOf },
    /** Where it listens, and where the service is: `host:port`. */
    ...{ own: `127.0.0.1:${port}`, service: `127.0.0.1:${servicePort}` },
    authorityFile: debian.write('authority.pem', signet.authority),
    isThere: () => listens(port),
  }
}

export type BehindProxy = Awaited<ReturnType<typeof withProxy>>

/** What holds for every proxy of the page. */
export async function assertLetsInOnlyGoodTokens(t: Test, { signet, ask, statusOf }: BehindProxy) {
  const answer = await ask(await signet.token())
  t.match(answer, { status: 200, body: { user: signet.alice.userId } }, 'the service is told who it is')
  const none = await ask()
  t.equal(none.status, 401, 'without a token')
  t.match(none.headers.get('www-authenticate'), /^Bearer/)
  t.equal(await statusOf(await signet.token({ scope: 'posts:write' })), 403, 'with another permission')
  const refused = [401, 403]
  for (const [name, token] of Object.entries(await signet.wrong())) t.ok(refused.includes(await statusOf(token)), name)
}
