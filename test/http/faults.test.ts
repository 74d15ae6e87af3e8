import { test } from 'tap'
import { StorageUnavailable, type Write } from '../../src/records/unit-of-work.ts'
import { isError } from '../support/error-shape.ts'
import { addAlice, refresh, serve, signIn } from '../support/serve.ts'

const inside = 'disk I/O error at /var/lib/signet'

/** A service whose writes and signatures can be made to fail. */
async function fragile(t: Parameters<typeof serve>[0]) {
  const trouble: { write?: Error | undefined; sign?: Error | undefined } = {}
  const write =
    (real: Write): Write =>
    async work => {
      if (trouble.write !== undefined) throw trouble.write
      return real(work)
    }
  const service = await serve(t, {
    faults: {
      write,
      signer: real => ({
        kid: real.kid,
        sign: async input => {
          if (trouble.sign !== undefined) throw trouble.sign
          return real.sign(input)
        },
      }),
    },
  })
  await addAlice(service)
  return { service, trouble }
}

const linesAbout = (log: string, requestId: string | null) =>
  log
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
    .filter(({ request_id }) => request_id === requestId)

test('a database that cannot take the write now is 503 with Retry-After, and the same token works afterwards', async t => {
  const { service, trouble } = await fragile(t)
  const { body } = await signIn(service)
  trouble.write = new StorageUnavailable(inside)
  const refused = await refresh(service, body.refresh_token)
  isError(t, refused, [503, 'temporarily_unavailable'])
  t.match(refused.headers.get('retry-after'), /^[1-9]\d*$/)
  t.notMatch(refused.text, 'disk')
  trouble.write = undefined
  t.equal((await refresh(service, body.refresh_token)).status, 200)
})

for (const fault of ['sign', 'write'] as const) {
  test(`a fault of ours (${fault}) says nothing on the wire, and its cause is in the log under the request id`, async t => {
    const { service, trouble } = await fragile(t)
    const { body } = await signIn(service)
    trouble[fault] = new TypeError(inside, { cause: new Error('the cause behind it') })
    const answers = [await signIn(service), await refresh(service, body.refresh_token)]
    trouble[fault] = undefined
    t.equal((await refresh(service, body.refresh_token)).status, 200, 'nothing was consumed')
    await service.stop()
    for (const answer of answers) {
      isError(t, answer, [500, 'server_error'])
      t.notMatch(answer.text, /disk|TypeError|cause|\.ts/)
      t.notMatch(JSON.stringify([...answer.headers]), /disk|TypeError|\.ts/)
      const [error, request] = linesAbout(service.log(), answer.headers.get('x-request-id'))
      t.match(error, { level: 'error', err: { type: 'TypeError', message: inside, stack: /the cause behind it/ } })
      t.match(request, { msg: 'request', status: 500, outcome: 'server_error', client_id: 'web-app' })
    }
  })
}
