/** What is fetched from another server, and which answers are turned away. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { createFetchDocument, FetchFailed } from '../../src/outgoing/fetch-document.ts'
import { documentServer, LOOPBACK } from '../support/document-server.ts'

const fetchDocument = createFetchDocument({ allowNetworks: LOOPBACK })

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** A document that can't be had because its server answers like that. */
async function refuses(t: Test, says: RegExp, answer: Answer) {
  const server = await documentServer(t, (request, response) => answer(response, request))
  await t.rejects(fetchDocument(server.uri()), { name: 'FetchFailed', message: says })
  t.strictSame(server.paths, ['/'], 'one request')
}

t.test('a document is asked for by its path and query, uncompressed, over a connection of its own', async t => {
  const server = await documentServer(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const headers = JSON.parse(Buffer.from(await fetchDocument(server.uri('/keys?a=b'))).toString())
  t.strictSame(headers, {
    accept: 'application/json, application/jwk-set+json',
    'accept-encoding': 'identity',
    'user-agent': 'signet',
    host: `127.0.0.1:${server.port}`,
    connection: 'close',
  })
  await fetchDocument(server.uri('/keys'))
  t.strictSame(server.paths, ['/keys?a=b', '/keys'])
  t.equal(server.connections(), 2)
})

t.test('only 200 is an answer, and no redirect is followed', async t => {
  for (const status of [301, 302, 303, 307, 308])
    await refuses(t, new RegExp(`^The request failed: it answered with a redirect \\(${status}\\)\\.$`), response =>
      response.writeHead(status, { location: '/elsewhere' }).end('{}'),
    )
  for (const status of [201, 204, 206, 404, 500, 503])
    await refuses(t, new RegExp(`^The request failed: it answered with status ${status}\\.$`), response =>
      response.writeHead(status).end(status === 204 ? undefined : '{}'),
    )
  await refuses(t, /ended without an answer/, response =>
    response.writeHead(101, { connection: 'upgrade', upgrade: 'other' }).end(),
  )
})

t.test('what comes before the answer is passed over', async t => {
  const server = await documentServer(t, (_, response) => {
    response.writeProcessing()
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.end('{}')
  })
  t.equal(String(Buffer.from(await fetchDocument(server.uri()))), '{}')
})

t.test('a document has at most a million bytes, whether its length is told or not', async t => {
  const most = Buffer.alloc(1_000_000, 'a')
  const server = await documentServer(t, ({ url }, response) => {
    if (url === '/told') response.setHeader('content-length', most.length)
    response.write(most)
    response.end()
  })
  for (const path of ['/told', '/untold']) t.ok(most.equals(await fetchDocument(server.uri(path))), path)
  const tooLarge = /^The request failed: it has more than 1000000 bytes\.$/
  // Of what is told to be too long nothing is read: here nothing comes.
  await refuses(t, tooLarge, response => response.writeHead(200, { 'content-length': 1_000_001 }).flushHeaders())
  await refuses(t, tooLarge, response => {
    response.write(most)
    response.end('a')
  })
  await refuses(t, tooLarge, response => {
    const more = () => void response.write(most, error => error ?? more())
    more()
  })
})

t.test('a body with a content encoding is not read', async t => {
  for (const encoding of ['gzip', 'br', 'identity, gzip'])
    await refuses(t, /content encoding/, response =>
      response.writeHead(200, { 'content-encoding': encoding }).end('{}'),
    )
  const server = await documentServer(t, (_, response) =>
    response.writeHead(200, { 'content-encoding': 'Identity' }).end('{}'),
  )
  t.equal((await fetchDocument(server.uri())).length, 2)
})

t.test('half a document is none, and what is no HTTP is not repeated', async t => {
  await refuses(t, /^The request failed: aborted\.$/, response =>
    response.writeHead(200, { 'content-length': 10 }).write('{}', () => response.destroy()),
  )
  await refuses(t, /^The request failed: aborted\.$/, (_, { socket }) =>
    socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nabc'),
  )
  await refuses(t, /^The request failed: Parse Error: [^<]+\.$/, (_, { socket }) => socket.end('<secret>\r\n\r\n'))
  await refuses(t, /^The request failed: socket hang up\.$/, (_, { socket }) => socket.end())
})

t.test('why there is no document is a printable sentence of at most 200 characters, without a cause', async t => {
  const { message, cause } = new FetchFailed(`one\u0000two\r\n\u001b[31m\u202e${'a'.repeat(300)}`)
  t.match(message, /^one\?two\?\?\?\[31m\?a+\.\.\.$/)
  t.equal(message.length, 200)
  t.equal(cause, undefined)
  t.equal(new FetchFailed('a'.repeat(200)).message, 'a'.repeat(200))
})

t.test('callers for one URI share one request, and the next caller gets another', async t => {
  let hold = Promise.withResolvers<void>()
  const server = await documentServer(t, async (_, response) => {
    await hold.promise
    response.writeHead(hold === failing ? 500 : 200).end('{}')
  })
  const failing = Promise.withResolvers<void>()
  const [first, second] = [fetchDocument(server.uri('/a')), fetchDocument(server.uri('/a'))]
  t.equal(second, first)
  const other = fetchDocument(server.uri('/b'))
  hold.resolve()
  await Promise.all([first, other])
  t.strictSame(server.paths.toSorted(), ['/a', '/b'])

  hold = failing
  const fails = fetchDocument(server.uri('/a'))
  t.equal(fetchDocument(server.uri('/a')), fails)
  hold.resolve()
  await t.rejects(fails, /status 500/)
  hold = Promise.withResolvers<void>()
  hold.resolve()
  await fetchDocument(server.uri('/a'))
  t.equal(server.paths.length, 4)
})
