/** Limits in number and time: others that are slow, or many, take no more than their part. */
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createFetchDocument } from '../../src/outgoing/fetch-document.ts'
import { documentServer, LOOPBACK } from '../support/document-server.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)

/** Answers nobody before `open`; `arrived` resolves when four requests wait. */
async function holdingServer(t: Test) {
  const held: ServerResponse[] = []
  const arrived = Promise.withResolvers<void>()
  let isOpen = false
  const server = await documentServer(t, (_, response) => {
    if (isOpen) response.end('{}')
    else if (held.push(response) === 4) arrived.resolve()
  })
  return {
    ...server,
    arrived: arrived.promise,
    open() {
      isOpen = true
      for (const response of held) response.end('{}')
    },
    /** Connections that were begun before this call: a listening socket hands them out in their order. */
    async begun() {
      const next = server.nextConnection()
      const own = connect(server.port, '127.0.0.1')
      await next
      own.destroy()
      return server.connections() - 1
    },
  }
}

t.test('eight requests are made at once, four of them to one host, and the others wait for their turn', async t => {
  const fetchDocument = createFetchDocument({ allowNetworks: LOOPBACK })
  const [one, two, three] = [await holdingServer(t), await holdingServer(t), await holdingServer(t)]
  const all = [one, two, three].flatMap(server => numbers(6).map(number => fetchDocument(server.uri(`/${number}`))))
  await Promise.all([one.arrived, two.arrived])
  t.strictSame([await one.begun(), await two.begun(), await three.begun()], [4, 4, 0])
  for (const server of [one, two, three]) server.open()
  await Promise.all(all)
  t.strictSame(
    [one, two, three].map(({ paths }) => paths.toSorted()),
    numbers(3).map(() => numbers(6).map(number => `/${number}`)),
  )
})

t.test('a slow host ends after two seconds, in its headers or its body, and keeps nobody else out', async t => {
  const fetchDocument = createFetchDocument({ allowNetworks: LOOPBACK })
  let isSlow = true
  const slow = await documentServer(t, ({ url }, response) => {
    if (!isSlow) response.end('{}')
    else if (url?.startsWith('/body')) {
      const trickle = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(trickle))
    }
  })
  const quick = await documentServer(t, (_, response) => response.end('{}'))

  const begin = performance.now()
  const paths = [...['/headers', '/body', '/headers/2', '/body/2'], ...numbers(9).map(number => `/waits/${number}`)]
  let isOver = false
  const all = Promise.allSettled(paths.map(path => fetchDocument(slow.uri(path)).finally(() => (isOver = true))))
  await fetchDocument(quick.uri())
  t.notOk(isOver, 'the others are still being waited for')

  for (const result of await all)
    t.match(result, { reason: { name: 'FetchFailed', message: 'It did not arrive whole within 2 s.' } })
  t.ok(performance.now() - begin > 1900)
  isSlow = false
  await Promise.all(paths.map(path => fetchDocument(slow.uri(path))))
})
