/** curl gets a token and uses it at a resource, as a script does. CURL names the executable. */
import { spawn } from 'node:child_process'
import { json } from 'node:stream/consumers'
import { type Test, test } from 'tap'
import { assertMachineToken, basicOf, clientId, metrics, secret, withMachine } from './machines.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
async function curl(...words: readonly string[]): Promise<any> {
  const child = spawn(process.env['CURL'] ?? 'curl', ['--silent', '--show-error', '--noproxy', '*', ...words])
  return json(child.stdout)
}

const credentials = ['-d', 'grant_type=client_credentials', '-d', 'scope=metrics:read']
const inBody = ['--data-urlencode', `client_id=${clientId}`, '--data-urlencode', `client_secret=${secret}`]

const ways: readonly (readonly [name: string, words: readonly string[], sent: object])[] = [
  ['-u, which does not encode it', ['-u', `${clientId}:${secret}`], { authorization: basicOf(clientId, secret) }],
  ['--data-urlencode', inBody, { authorization: undefined, form: { client_secret: secret } }],
]
for (const [name, words, sent] of ways)
  test(`the secret is sent with ${name}`, async (t: Test) => {
    const machine = await withMachine(t)
    const { access_token: token, ...rest } = await curl(...credentials, ...words, machine.tokenUrl)
    t.same(rest, { token_type: 'Bearer', expires_in: 600, scope: 'metrics:read' })
    t.match(machine.sent, [sent])
    assertMachineToken(t, await curl('--oauth2-bearer', token, await machine.resource()), machine)
  })

test('a secret is sent with -u that is no form encoding of anything', async t => {
  const machine = await withMachine(t)
  const stray = '50% of a secret: + 0123456789 abc'
  await machine.addSecret(stray)
  t.match(await curl(...credentials, '-u', `${clientId}:${stray}`, machine.tokenUrl), { token_type: 'Bearer' })
})

test('the resource is named in the body', async t => {
  const machine = await withMachine(t)
  const words = [...credentials, ...inBody, '-d', `resource=${metrics}`, machine.tokenUrl]
  const { access_token: token } = await curl(...words)
  t.equal((await curl('--oauth2-bearer', token, await machine.resource(metrics))).aud, metrics)
})

test('a client that is disabled, or has a wrong secret, is refused with an error to read, and not locked out', async t => {
  const machine = await withMachine(t)
  const ask = (value: string) => curl(...credentials, '-u', `${clientId}:${value}`, machine.tokenUrl)
  t.match(await ask(secret), { token_type: 'Bearer' })
  await machine.disable()
  const refused = await ask(secret)
  t.match(refused, { error: 'invalid_client', error_description: String })
  await machine.enable()
  for (let tried = 0; tried < 20; tried += 1) t.same(await ask(`${secret}%`), refused)
  t.match(await ask(secret), { token_type: 'Bearer' })
})
