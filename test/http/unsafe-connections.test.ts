/** After a request that two programs could read in two ways, nothing more is read on its connection. */
import { connect } from 'node:net'
import { test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { open } from '../support/raw-http.ts'
import { basic, secret, serve } from '../support/serve.ts'

const jwks = '/.well-known/jwks.json'
const host = 'Host: signet.test\r\n'
const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
const authorization = `Authorization: ${basic(['web-app', secret])}\r\n`
const unknownGrant = 'client_id=spa&grant_type=unknown'
const bad = [400, 'invalid_request'] as const

const get = (path: string, headers = host) => `GET ${path} HTTP/1.1\r\n${headers}\r\n`

const post = (headers: string, body: string | Buffer): Buffer => {
  const head = `POST /oauth/token HTTP/1.1\r\n${host}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(body)])
}

test('after a request without Host, or with a header twice that may come once, the connection is closed', async t => {
  const service = await serve(t)
  const unsafe = {
    'no Host': get(jwks, ''),
    'two Host lines': get(jwks, `${host}Host: other.test\r\n`),
    'two Authorization lines': post(form + authorization + authorization, unknownGrant),
    'two Origin lines': get(jwks, `${host}Origin: https://a.example\r\nOrigin: https://b.example\r\n`),
  }
  for (const [what, bytes] of Object.entries(unsafe)) {
    t.test(what, async t => {
      const connection = await open(service.issuer)
      t.teardown(connection.drop)
      connection.send(Buffer.concat([Buffer.from(bytes), Buffer.from(get(jwks))]))
      const answer = await connection.answer()
      isError(t, answer, bad)
      t.equal(answer.headers['connection'], 'close')
      await connection.ended
      t.equal(connection.received().match(/^HTTP\/1\.1 /gm)?.length, 1, 'what follows is not answered')
    })
  }
})

test('the refusal reaches a caller who reads only after the whole of a large body is sent', async t => {
  // How long the service reads on for is not the subject: so much may take a busy machine more than that.
  const value = () => new AbortController().signal
  t.intercept(AbortSignal, 'timeout', { configurable: true, writable: true, value })
  const service = await serve(t)
  const { port } = new URL(service.issuer)
  const socket = connect({ port: Number(port), host: '127.0.0.1' }).pause()
  t.teardown(() => socket.destroy())
  const sent = new Promise<Error | null | undefined>(resolve => {
    socket.on('error', resolve)
    socket.write(post(`${form}Host: other.test\r\n`, Buffer.alloc(4 * 2 ** 20, 'x')), resolve)
  })
  t.notOk(await sent)
  const received = Buffer.concat(await socket.toArray()).toString()
  t.match(received, /^HTTP\/1\.1 400 .*\r\n\r\n\{"error":"invalid_request",.*\}$/s)
})
