/** A machine's way: a client that asks for itself, the token endpoint with a look at what is sent to it, and a resource that verifies. */
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { signetFastify } from '@signet/verifier/fastify'
import fastify from 'fastify'
import type { Test } from 'tap'
import { addClient } from '../support/clients.ts'
import { api, byTest, request, type ServeOptions, type Service, serve } from '../support/serve.ts'

export const clientId = 'collector'
/** What clients spoil that do not encode it, that encode it where they must not, or that decode it twice. */
export const secret = 'a+secret&with:every=%41/"\\ char-0123456789'
/** The second that the client may ask for. */
export const metrics = 'https://metrics.example.com'

/** What a client sent to the service, and was answered. */
export interface Sent {
  readonly path: string | undefined
  readonly contentType: string
  readonly authorization: string | undefined
  /** The body as it was sent. */
  readonly sentBody: string
  /** The parameters in it. */
  readonly form: Readonly<Record<string, string>>
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any
}

/** Where clients find the service, when that is its issuer. */
export interface Front {
  readonly url: string
  /** Of `url`; without it, plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** PEM, of whoever signed `cert`. */
  readonly authorityFile?: string
}

/** Hands every request on as it is, and remembers what is posted. */
export async function watched(t: Test, { config }: Service, front?: Front) {
  const sent: Sent[] = []
  const handle: RequestListener = async (incoming, outgoing) => {
    const sentBody = await text(incoming)
    const { authorization, 'content-type': contentType = '' } = incoming.headers
    const { url: path, method = '' } = incoming
    const headers = { 'content-type': contentType, ...(authorization !== undefined && { authorization }) }
    const more = method === 'POST' ? { headers, body: sentBody } : {}
    const { status, body, ...answer } = await request(`http://127.0.0.1:${config.port}${path}`, { method, ...more })
    const form = Object.fromEntries(new URLSearchParams(sentBody))
    if (method === 'POST') sent.push({ path, contentType, authorization, sentBody, form, status, body })
    outgoing.writeHead(status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(answer.text)
  }
  const server = front?.tls ? createTlsServer(front.tls, handle) : createServer(handle)
  const port = front ? Number(new URL(front.url).port) : 0
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => void server.close().closeAllConnections())
  const url = front?.url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { sent, url, tokenUrl: `${url}/oauth/token` }
}

/** Answers the claims of a good token. */
async function startResource(t: Test, issuer: string, audience: string): Promise<string> {
  const app = fastify({ forceCloseConnections: true })
  await app.register(signetFastify, { issuer, audience })
  app.get('/metrics', { preHandler: app.requirePermission('metrics:read') }, ({ user }) => user)
  t.teardown(() => app.close())
  return `${await app.listen({ host: '127.0.0.1', port: 0 })}/metrics`
}

export type MachineOptions = ServeOptions & {
  readonly accessTokenTtlSeconds?: number
  /** Null: it has none. */
  readonly secret?: null
  readonly front?: Front
}

/** Starts all of them. The client has the two permissions `metrics:read` and `metrics:write` at the audiences `api` and `metrics`. */
export async function withMachine(t: Test, options: MachineOptions = {}) {
  const { front } = options
  const environment = { ...options.environment, ...(front && { SIGNET_ISSUER: front.url }) }
  const service = await serve(t, { ...options, environment })
  const { client } = await addClient(service, {
    clientId,
    secret: options.secret === null ? null : secret,
    grants: ['client_credentials'],
    scope: ['metrics:read', 'metrics:write'],
    audiences: [api, metrics],
    accessTokenTtlSeconds: options.accessTokenTtlSeconds ?? null,
  })
  return {
    service,
    ...(await watched(t, service, front)),
    /** The internal id, which is the `sub` of its tokens. */
    subject: client.id,
    disable: () => service.clients.setStatus(clientId, 'disabled', byTest),
    enable: () => service.clients.setStatus(clientId, 'active', byTest),
    /** Adds a second secret. */
    addSecret: (value: string) =>
      service.clients.addSecret(clientId, { name: undefined, secret: value, ttlSeconds: undefined }, byTest),
    resource: (audience = api) => startResource(t, service.issuer, audience),
  }
}

export type Machine = Awaited<ReturnType<typeof withMachine>>

/** The claims that every token of the client has, and none of a sign-in. */
export function assertMachineToken(t: Test, claims: Readonly<Record<string, unknown>>, { service, subject }: Machine) {
  t.match(claims, { iss: service.issuer, sub: subject, client_id: clientId, scope: 'metrics:read' })
  t.match(claims['sub'], /^client_/)
  t.same(
    ['roles', 'sid', 'auth_time', 'api_key_id'].filter(name => name in claims),
    [],
    'it is no sign-in',
  )
}

/** What the resource answers to the token that was given last: its claims. @throws when it accepts none */
export async function claimsAt(url: string, { sent }: Machine) {
  const answer = await request(url, { headers: { authorization: `Bearer ${sent.at(-1)?.body.access_token}` } })
  if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}: ${answer.text}`)
  return answer.body
}

/** What a client was answered at a resource. */
export interface Got {
  readonly status?: number
  readonly body?: string
  /** What the client shows when it got no token. */
  readonly error?: string
}

/** @throws when the resource did not accept the token */
export function claimsIn({ status, body = '', error = '' }: Got) {
  if (status !== 200) throw new Error(`${status} ${body}${error}`)
  return JSON.parse(body)
}

export const basicOf = (id: string, value: string): string =>
  `Basic ${Buffer.from(`${id}:${value}`).toString('base64')}`

/** As `encodeURIComponent`, but for a form (RFC 6749 Appendix B). */
export const formEncoded = (value: string): string => new URLSearchParams({ '': value }).toString().slice(1)
