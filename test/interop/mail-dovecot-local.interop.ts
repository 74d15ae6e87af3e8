/** Dovecot looks at tokens by itself, and what it then does not see. DEBIAN_12 and DEBIAN_13 name Debians with Dovecot 2.3 and 2.4. */
import { createPublicKey } from 'node:crypto'
import t, { type Test, test } from 'tap'
import { claimsOf, headerOf, type Service } from '../support/serve.ts'
import { until } from '../support/status-list.ts'
import { type Mail, mailAudience, mailProgram, withMail } from './mail.ts'
import { type Dovecot, startDovecot } from './mail-dovecot.ts'
import { refused, signIns, tokenMechanisms } from './mail-sign-ins.ts'
import { resigned, wrongTokens } from './wrong-tokens.ts'

t.setTimeout(180_000)

/** Where Dovecot looks for the key of a token without `azp`, as the page says. */
async function writeKeys({ debian }: Dovecot, service: Service): Promise<void> {
  const { body } = await service.get('/.well-known/jwks.json')
  for (const key of body.keys) {
    const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    debian.write(`signet-keys/default/${key.alg}/${key.kid}`, String(pem))
  }
}

/** A token whose time is over by the clock of Dovecot, which is that of the machine. */
function expired(mail: Mail, token: string): string {
  const seconds = Math.floor(Date.now() / 1000)
  return resigned(mail.service, token, { iat: seconds - 660, exp: seconds - 60 })
}

async function withLocal(t: Test, more: string) {
  const [mail, program] = [await withMail(t, 'dovecot'), mailProgram(t)]
  const dovecot = await startDovecot(t, mail, 13, { files: ['conf.d/signet-local.conf.ext'], more })
  const token = await mail.token('alice')
  const { sub, sid } = claimsOf(token)
  const { byToken } = signIns({ dovecot, program })
  return { mail, dovecot, token, sub, sid, byToken }
}

test('Dovecot 2.4 takes access tokens whose key is in a file, for the id of the user', async t => {
  const { mail, dovecot, token, sub, byToken } = await withLocal(t, '')
  t.match(await byToken(sub, token), { done: false, answer: refused }, 'there is no file yet')
  await writeKeys(dovecot, mail.service)
  for (const mechanism of tokenMechanisms) {
    t.match(await byToken(sub, token, mechanism), { done: true }, mechanism)
    t.match(await byToken('alice', token, mechanism), { done: false, answer: refused }, mechanism)
  }
  const wrong = { ...(await wrongTokens(mail.service, token)), 'one that has expired': expired(mail, token) }
  for (const [name, each] of Object.entries(wrong))
    for (const user of new Set([sub, claimsOf(each).sub]))
      t.match(await byToken(user, each), { done: false, answer: refused }, `${name} for ${user}`)

  const { kid, alg } = headerOf(token)
  await mail.command(['sessions', 'revoke', claimsOf(token).sid])
  await mail.command(['users', 'disable', 'alice'])
  t.match(await byToken(sub, token), { done: true }, 'nobody asks whether it was revoked')
  await dovecot.debian.run('rm', [`${dovecot.debian.folder}/signet-keys/default/${alg}/${kid}`])
  t.match(await byToken(sub, token), { done: true }, 'a key that was used is remembered')
  await dovecot.doveadm(['reload'])
  await until(async () => !(await byToken(sub, token)).done)
})

const withoutClient = 'oauth2 {\n  client_id =\n  client_secret =\n}\n'
for (const [told, more, done] of [
  ['unless it is told', withoutClient, true],
  ['unless it is told by what security updates added', `${withoutClient}oauth2_audience = ${mailAudience}\n`, false],
] as const)
  test(`Dovecot 2.4 does not look at whom a token is for, ${told}`, async t => {
    const { mail, dovecot, token, sub, byToken } = await withLocal(t, more)
    await writeKeys(dovecot, mail.service)
    t.match(await byToken(sub, token), { done: true })
    const wrong = await wrongTokens(mail.service, token)
    for (const name of ['an ID token', 'a token for another audience'])
      t.equal((await byToken(sub, wrong[name] ?? '')).done, done, name)
  })

/** What must not be used. */
const localIn23 = (folder: string) => `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${folder}/signet-keys/
username_attribute = sub
`

test('Dovecot 2.3 refuses every access token for its type, and takes an ID token', async t => {
  const [mail, program] = [await withMail(t, 'dovecot'), mailProgram(t)]
  const dovecot = await startDovecot(t, mail, 12, {
    changed: (name, text, folder) => (name === 'signet-token.conf.ext' ? localIn23(folder) : text),
  })
  await writeKeys(dovecot, mail.service)
  const { byToken } = signIns({ dovecot, program })
  const token = await mail.token('alice')
  t.match(await byToken(claimsOf(token).sub, token), { done: false, answer: refused })
  t.match(dovecot.output(), "Local validation failed: Cannot find 'typ' field")
  const { 'an ID token': idToken = '' } = await wrongTokens(mail.service, token)
  t.match(await byToken(claimsOf(token).sub, idToken), { done: true })
})
