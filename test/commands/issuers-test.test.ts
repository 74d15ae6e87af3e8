/** `signet issuers test`: what would be decided of a token, for whoever sets a workload up. */
import t from 'tap'
import { addIssuer, addTrust, addWorker, issuerUrl, newKey, present, workloadClaims } from '../support/assertions.ts'
import { commandLine, isoTime } from '../support/command-line.ts'
import { sign } from '../support/hostile-assertions.ts'
import { byTest, serve } from '../support/serve.ts'

const service = await serve(t)
const { run, text } = await commandLine(t, service.environment)
const key = newKey('ES256', 'good')
await addWorker(service)

await addIssuer(service, key, {}, 'tested')
const { added } = await addTrust(service, 'worker', undefined, 'tested')
const words = ['issuers', 'test', 'tested', '--client', 'worker']
const claims = (more: object = {}) => workloadClaims(service, Date.now(), { ...more })
const good = sign(key, claims())

t.test('scripts are told what would be decided, and why; nothing is changed', async t => {
  const told = async (token: string) => {
    const { code, stdout } = await run(['issuers', 'test', '--json', ...words.slice(2)], `${token}\n`)
    return { code, ...JSON.parse(stdout) }
  }
  t.match(await told(good), {
    code: 0,
    decision: 'accepted',
    reason: null,
    trust_id: added.id,
    expires_at: isoTime,
    details: { sub: claims().sub },
  })
  const other = await told(sign(key, claims({ repository_id: '4712' })))
  t.match(other, {
    code: 1,
    decision: 'refused',
    reason: 'conditions_not_met',
    trust_id: null,
    message: 'A condition does not hold.',
  })
  t.strictSame(other.details.did_not_match, [{ claim: 'repository_id', condition: '4711', seen: '4712' }])
  t.match(await told(sign(key, claims({ aud: 'x' }))), {
    code: 1,
    reason: 'wrong_audience',
    message: new RegExp(`Expected: ${service.issuer}$`),
    details: null,
  })
  t.match(await told(sign(key, claims({ iss: `${issuerUrl}/` }))), {
    reason: 'unknown_issuer',
    message: new RegExp(`Expected: ${issuerUrl}$`),
  })
  t.match(await told(sign(newKey('ES256', 'good'), claims())), { reason: 'wrong_signature', details: null })
  t.match(await told('x'), { reason: 'malformed_assertion' })
  t.equal((await present(service, good)).status, 200)
})

t.test('people are told the same in sentences', async t => {
  const lines = (await run(words, sign(key, claims({ repository_id: '4712' })))).stdout
  t.match(
    lines,
    /^refused: A condition does not hold\.\nsub: repo:\S+\ndid not match: repository_id is 4712, and not 4711\n$/,
  )
  t.match(await text(words, good), new RegExp(`^accepted by ${added.id} until 20\\S+Z\n$`))
})

t.test('a client that is disabled, or is none, has no token that would be accepted', async t => {
  const { refuses } = await commandLine(t, service.environment)
  await service.clients.setStatus('worker', 'disabled', byTest)
  const disabled = await run(words, good)
  t.same([disabled.code, disabled.stdout], [1, 'refused: The client is disabled, whatever it presents.\n'])
  await refuses([
    { words: ['issuers', 'test', 'tested'], code: 2, says: /--client/ },
    { words: ['issuers', 'test', 'nobody', '--client', 'worker'], code: 1, says: /no such issuer/ },
    { words: ['issuers', 'test', 'tested', '--client', 'nobody'], code: 1, says: /no such client/ },
  ])
})
