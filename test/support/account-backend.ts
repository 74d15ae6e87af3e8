/** The example backend for sign-ups and forgotten passwords, in the process of the test. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { createApp } from '../../examples/account-backend/app.ts'
import type { Config } from '../../examples/account-backend/config.ts'
import { addClient } from './clients.ts'
import { type Answer, request, type Service, secret } from './serve.ts'

/** @param port 0: any that is free */
export async function startAccountBackend(t: Test, config: Partial<Config> & Pick<Config, 'issuer'>, port = 0) {
  const lines: string[] = []
  const waits: number[] = []
  const full = {
    ...{
      clientId: 'backend',
      clientSecret: secret,
      pages: ['https://page.example'] as const,
      pageClientId: 'login-page',
    },
    ...{ role: 'user', port },
    ...config,
  }
  const { app, mails, idle } = await createApp(full, {
    logTo: { write: line => void lines.push(line) },
    wait: async ms => void waits.push(ms),
  })
  await app.listen({ host: '127.0.0.1', port })
  t.teardown(() => app.close())
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  return {
    origin,
    log: () => lines.join(''),
    stop: () => app.close(),
    /** For how long it would have waited. */
    waits,
    /** Until what goes on after the answers is done. */
    idle,
    /** The newest first. */
    mails,
    /** What the links of all mails carry, the newest first. */
    links: () =>
      mails().flatMap(({ text }) =>
        [...text.matchAll(/#(ticket=\S+)$/gm)].map(([, link]) => new URLSearchParams(link)),
      ),
    /** As the page sends a form. */
    send: (path: string, fields: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
      request(origin + path, {
        body: JSON.stringify(fields),
        headers: { 'content-type': 'application/json', ...headers },
      }),
  }
}

/** Adds the machine that the backend is; it may give the role `user`. */
export const addBackend = (service: Service) =>
  addClient(service, {
    clientId: 'backend',
    secret,
    grants: ['client_credentials'],
    scope: ['signet:users:read', 'signet:users:write'],
    audiences: [service.issuer],
    mayGrant: ['user'],
  })

type Answering = (asked: IncomingMessage, reply: ServerResponse) => void

/** Something that answers in the place of Signet, and never waits. Each request is answered by the next of `answers`, then by the last. */
export async function fakeSignet(t: Test, ...answers: readonly Answering[]) {
  const asked: string[] = []
  const server = createServer((message, reply) => {
    asked.push(`${message.method} ${message.url}`)
    message.resume()
    answers[Math.min(asked.length, answers.length) - 1]?.(message, reply)
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const stop = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.teardown(stop)
  return { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop }
}

/** An answer of the fake. */
export const says =
  (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answering =>
  (_, reply) =>
    void reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
