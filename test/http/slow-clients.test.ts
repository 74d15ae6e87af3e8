import { test } from 'tap'
import { isError } from '../support/error-shape.ts'
import { open } from '../support/raw-http.ts'
import { addAlice, serve, signIn } from '../support/serve.ts'

const headers = 'Host: signet.test\r\nContent-Type: application/x-www-form-urlencoded\r\n'
const timeout = [408, 'invalid_request'] as const

test('who sends too slowly is cut, however often a byte comes, and holds up nobody else', async t => {
  const service = await serve(t)
  await addAlice(service)

  /** Sends what begins a request, then a byte now and then, and answers after how many ms the refusal came. */
  async function cutAfter(url: string, beginning: string): Promise<number> {
    const begun = performance.now()
    const connection = await open(url)
    connection.send(beginning)
    const drip = setInterval(() => connection.send('a'), 400)
    const answer = await connection.answer()
    const milliseconds = performance.now() - begun
    isError(t, answer, timeout)
    t.equal(answer.headers['connection'], 'close')
    await connection.closed
    clearInterval(drip)
    return milliseconds
  }

  const cuts = Promise.all([
    cutAfter(service.issuer, 'GET /'),
    cutAfter(service.issuer, `POST /oauth/token HTTP/1.1\r\n${headers}X-Slow: `),
    cutAfter(service.management, 'GET /livez HTTP/1.1\r\nX-Slow: '),
    cutAfter(service.issuer, `POST /oauth/token HTTP/1.1\r\n${headers}Content-Length: 4000\r\n\r\nclient_id=spa`),
    cutAfter(
      service.issuer,
      `POST /oauth/token HTTP/1.1\r\n${headers}Transfer-Encoding: chunked\r\n\r\nff\r\nclient_id=`,
    ),
  ])
  t.equal((await signIn(service)).status, 200, 'others sign in meanwhile')
  const [requestLine, slowHeaders, management, body, chunk] = await cuts
  for (const milliseconds of [requestLine, slowHeaders, management]) t.ok(milliseconds >= 10_000, 'headers have 10 s')
  for (const milliseconds of [body, chunk]) t.ok(milliseconds >= 15_000, 'bodies have 15 s')
})
