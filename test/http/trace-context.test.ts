/** W3C Trace Context: which of the headers `traceparent` are taken over into the log, and into nothing else. */
import { test } from 'tap'
import { exchange } from '../support/raw-http.ts'
import { addAlice, request, type Service, serve, signIn } from '../support/serve.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'
const valid = `00-${trace}-${span}-01`

/** The lines of the log, after the last request is over. */
async function linesOf(service: Service) {
  await service.stop()
  const lines = service.log().trimEnd().split('\n')
  return lines.map(line => JSON.parse(line))
}

const withTrace = (traceparent: string) => ({ headers: { traceparent } })

test('a valid traceparent is in the line of its request, on both ports and of whatever version', async t => {
  const service = await serve(t)
  await service.get('/healthy', withTrace(valid))
  await service.get('/.well-known/jwks.json', withTrace(`00-${trace}-${span}-00`))
  await service.get('/.well-known/jwks.json', withTrace(`42-${trace}-${span}-01`))
  await service.get('/.well-known/jwks.json', withTrace(`42-${trace}-${span}-01-what-comes-later`))
  await request(`${service.management}/livez`, withTrace(valid))
  const lines = (await linesOf(service)).filter(({ msg }) => msg === 'request')
  t.equal(lines.length, 5)
  for (const line of lines) t.match(line, { trace_id: trace, parent_span_id: span })
})

test('an invalid traceparent is ignored', async t => {
  const invalid = [
    'forged',
    '',
    `00-${trace}-${span}`,
    `00-${trace}-${span}-01-more`,
    `00-${trace}-${span}-01-`,
    `42-${trace}-${span}-01.more`,
    `ff-${trace}-${span}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace}0-${span}-01`,
    `0-${trace}-${span}-01`,
    `00-${trace}-${span}-0x`,
  ]
  const service = await serve(t)
  for (const header of invalid) t.equal((await service.get('/.well-known/jwks.json', withTrace(header))).status, 200)
  const twice = `traceparent: ${valid}\r\ntraceparent: ${valid}\r\n`
  await exchange(service.issuer, `GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n${twice}Connection: close\r\n\r\n`)
  const lines = (await linesOf(service)).filter(({ msg }) => msg === 'request')
  t.equal(lines.length, invalid.length + 1)
  for (const line of lines) t.notMatch(Object.keys(line).join(), /trace|span/)
})

test('an error that is told to the log names the trace of its request', async t => {
  const service = await serve(t, {
    faults: {
      signer: ({ kid }) => ({
        kid,
        sign: async () => {
          throw new Error('the key store is gone')
        },
      }),
    },
  })
  await addAlice(service)
  t.equal((await signIn(service)).status, 500)
  const form = {
    grant_type: 'password',
    username: 'alice',
    password: 'correct horse battery staple 9',
    client_id: 'spa',
  }
  t.equal((await service.token(form, withTrace(valid))).status, 500)
  const errors = (await linesOf(service)).filter(({ level }) => level === 'error')
  t.equal(errors.length, 2)
  t.notOk('trace_id' in errors[0])
  t.match(errors[1], { trace_id: trace, parent_span_id: span })
})
