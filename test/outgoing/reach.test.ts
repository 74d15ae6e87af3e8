/** Where a request leads: the addresses that are connected to are those that were looked at. */
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import t, { type Test } from 'tap'
import { createFetchDocument } from '../../src/outgoing/fetch-document.ts'
import { documentServer, LOOPBACK } from '../support/document-server.ts'

type Callback = (error: Error | null, addresses: dns.LookupAddress[]) => void

/** From now on every name leads to the next of these lists of addresses, or fails. Answers how often names were resolved. */
function resolveTo(t: Test, ...answers: (readonly string[] | Error)[]) {
  const { lookup } = dns
  let count = 0
  const resolve = (_: string, __: dns.LookupAllOptions, callback: Callback) => {
    const answer = answers[Math.min(count, answers.length - 1)] ?? []
    count += 1
    queueMicrotask(() => {
      if (answer instanceof Error) return callback(answer, [])
      const found = answer.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
      return callback(null, found)
    })
  }
  const install = (as: typeof lookup) => {
    dns.lookup = as
    syncBuiltinESMExports()
  }
  install(resolve as unknown as typeof lookup)
  t.teardown(() => install(lookup))
  return () => count
}

const answer: Parameters<typeof documentServer>[1] = (_, response) => response.end('{}')

t.test('nothing is sent to a private address that is not allowed', async t => {
  const server = await documentServer(t, answer)
  const forbidden = createFetchDocument({ allowNetworks: ['10.0.0.0/8', '127.0.0.2/32'] })
  for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]'])
    await t.rejects(forbidden(server.uri('/', host).replace('http:', 'https:')), /address must be a public one/, host)
  await t.rejects(forbidden(server.uri()), /plain http is for loopback hosts only/)
  const { port } = server
  await t.rejects(forbidden(`http://localhost:${port}/`), /plain http is for loopback hosts only/)
  await t.rejects(
    createFetchDocument({ allowNetworks: ['::1/128'] })(`http://localhost:${port}/`),
    /no address of the host is public, or in SIGNET_ALLOW_NETWORKS: .*127\.0\.0\.1|ECONNREFUSED ::1/,
  )
  t.equal(server.connections(), 0)
})

t.test('a name is resolved, and localhost is one', async t => {
  const server = await documentServer(t, answer)
  const fetchDocument = createFetchDocument({ allowNetworks: LOOPBACK })
  t.equal(String(Buffer.from(await fetchDocument(server.uri('/', 'localhost')))), '{}')
  t.equal(server.connections(), 1)
})

t.test('of the addresses of a name only those are tried that may be reached', async t => {
  const good = await documentServer(t, answer)
  const bad = await documentServer(t, answer, { port: good.port, address: '127.0.0.2' })
  const fetchDocument = createFetchDocument({ allowNetworks: LOOPBACK })
  resolveTo(t, ['127.0.0.2', '127.0.0.1', '::1', '169.254.169.254', '127.0.0.2'])
  await fetchDocument(good.uri('/', 'localhost'))
  t.equal(good.connections(), 1)
  resolveTo(t, ['127.0.0.2', '::ffff:127.0.0.2', '10.0.0.1'])
  await t.rejects(
    fetchDocument(good.uri('/', 'localhost')),
    /no address of the host is public, or in SIGNET_ALLOW_NETWORKS: 127\.0\.0\.2, ::ffff:127\.0\.0\.2, 10\.0\.0\.1\.$/,
  )
  t.equal(bad.connections(), 0)
})

t.test('a name that leads elsewhere a moment later is looked at again', async t => {
  const good = await documentServer(t, answer)
  const bad = await documentServer(t, answer, { port: good.port, address: '127.0.0.2' })
  const fetchDocument = createFetchDocument({ allowNetworks: LOOPBACK })
  const resolutions = resolveTo(t, ['127.0.0.1'], ['127.0.0.2'])
  await fetchDocument(good.uri('/', 'localhost'))
  t.equal(resolutions(), 1, 'one resolution a request')
  await t.rejects(fetchDocument(good.uri('/', 'localhost')), /no address of the host/)
  t.strictSame([resolutions(), good.connections(), bad.connections()], [2, 1, 0])
})

t.test('what is called localhost must be loopback for plain http', async t => {
  const fetchDocument = createFetchDocument({ allowNetworks: [...LOOPBACK, '10.0.0.0/8'] })
  resolveTo(t, ['10.0.0.1', '8.8.8.8'])
  await t.rejects(fetchDocument('http://localhost:1/'), /no address of the host .*: 10\.0\.0\.1, 8\.8\.8\.8\.$/)
})

t.test('a name without an address, and one that nobody knows, are said to be so', async t => {
  const fetchDocument = createFetchDocument({ allowNetworks: LOOPBACK })
  resolveTo(t, [], new Error('getaddrinfo ENOTFOUND issuer.example'))
  await t.rejects(fetchDocument('https://issuer.example/'), /no address of the host/)
  await t.rejects(fetchDocument('https://issuer.example/'), /failed: getaddrinfo ENOTFOUND issuer\.example\.$/)
})

t.test('where no address of a name answers, the reason is told', async t => {
  resolveTo(t, ['127.0.0.1', '127.0.0.3'])
  const fetchDocument = createFetchDocument({ allowNetworks: ['127.0.0.0/8'] })
  await t.rejects(fetchDocument('http://localhost:1/'), /^The request failed: ECONNREFUSED\.$/)
})
