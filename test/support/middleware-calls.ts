/** How a call to a resource service goes over the wire, or to a web-standard handler. */
import type { Call } from './middleware-cases.ts'
import { exchange } from './raw-http.ts'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

const FORM = 'application/x-www-form-urlencoded'

/** The call as it goes over the wire, line by line. */
export function asBytes({ target, method, authorization = [], apiKey = [], form, contentType = FORM }: Call): string {
  const lines = [
    `${method ?? (form === undefined ? 'GET' : 'POST')} ${target} HTTP/1.1`,
    'Host: resource.test',
    'Connection: close',
    ...authorization.map(line => `Authorization: ${line}`),
    ...apiKey.map(line => `X-API-Key: ${line}`),
    ...(form === undefined ? [] : [`Content-Type: ${contentType}`, `Content-Length: ${Buffer.byteLength(form)}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n${form ?? ''}`
}

/** The call as a web-standard request. */
export function asRequest({
  target,
  method,
  authorization = [],
  apiKey = [],
  form,
  contentType = FORM,
}: Call): Request {
  const headers = new Headers(form === undefined ? {} : { 'content-type': contentType })
  for (const line of authorization) headers.append('authorization', line)
  for (const line of apiKey) headers.append('x-api-key', line)
  const url = new URL(target, 'http://resource.test')
  return new Request(url, {
    headers,
    method: method ?? 'GET',
    ...(form !== undefined && { method: 'POST', body: form }),
  })
}

/** Asks a server that listens on a port of the loopback address. */
export const askOver =
  (port: number) =>
  (call: Call): Promise<Reply> =>
    exchange(`http://127.0.0.1:${port}`, asBytes(call))
