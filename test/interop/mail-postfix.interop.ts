/** Postfix of Debian 12 and 13, which DEBIAN_12 and DEBIAN_13 name, with the configuration of docs/integrations/postfix.md and dovecot.md. */
import t, { type Test, test } from 'tap'
import { claimsOf, headerOf, password } from '../support/serve.ts'
import { type Mail, type Mechanism, mailProgram, otherAudience, type SignIn, withMail } from './mail.ts'
import { startPostfix } from './mail-postfix.ts'
import { tokenMechanisms } from './mail-sign-ins.ts'
import { wrongTokens } from './wrong-tokens.ts'

t.setTimeout(180_000)

const taken = { done: true, answer: '235 2.7.0 Authentication successful' }
/** It tells no reason from another. */
const refused = { done: false, answer: '535 5.7.8 Error: authentication failed: (reason unavailable)' }

interface Scene {
  readonly mail: Mail
  readonly byPassword: (user: string, secret?: string, more?: Partial<SignIn>) => Promise<unknown>
  readonly byToken: (user: string, token: string, mechanism?: Mechanism) => Promise<unknown>
}

async function testPasswords(t: Test, { mail, byPassword }: Scene) {
  await t.test('a password lets its person send; a wrong one, and too many of them, are refused', async t => {
    t.match(await byPassword('alice'), taken)
    t.match(await byPassword('alice', 'wrong'), refused)
    for (const five of ['first', 'next'])
      await Promise.all([1, 2, 3, 4, 5].map(tried => byPassword('bob', `${five} ${tried}`)))
    t.match(await byPassword('bob'), refused)
    t.match(await byPassword('alice'), taken)
    await mail.command(['users', 'unlock', 'bob'])
    t.match(await byPassword('bob'), taken)
  })

  await t.test('the service is told where the person is, without a port', async t => {
    const { header } = mail.front
    t.match(await byPassword('alice', password, { from: '127.0.0.5' }), taken)
    t.equal(header('x-dovecot-auth-remote'), '127.0.0.5:0')
    t.match(await byPassword('alice', password, { from: '127.0.0.5', forwards: '203.0.113.7' }), taken)
    t.equal(header('x-dovecot-auth-remote'), '127.0.0.5:0', 'no mail program says what it likes')
    t.match(await byPassword('alice', password, { from: '127.0.0.9', forwards: '203.0.113.7' }), taken)
    t.equal(header('x-dovecot-auth-remote'), '203.0.113.7:0', 'a proxy that is trusted does')
    t.equal(header('x-dovecot-auth-service') ?? header('x-dovecot-auth-protocol'), 'smtp')
  })
}

async function testTokens(t: Test, { mail, byToken }: Scene) {
  const good = await mail.token('alice')

  await t.test('a token lets its person send, and nobody else', async t => {
    for (const mechanism of tokenMechanisms) {
      t.match(await byToken('alice', good, mechanism), taken, mechanism)
      t.match(await byToken('bob', good, mechanism), refused, mechanism)
    }
  })

  await t.test('what has a good signature and is no token for the mail server is refused', async t => {
    const wrong = await wrongTokens(mail.service, good)
    const others = {
      'one that the issuer gave': await mail.token('alice', otherAudience),
      garbage: 'a.b.c',
    }
    for (const [name, token] of Object.entries({ ...wrong, ...others }))
      for (const mechanism of tokenMechanisms)
        t.match(await byToken('alice', token, mechanism), refused, `${name} by ${mechanism}`)
  })

  await t.test('a token is refused when its session was revoked, and when it has expired', async t => {
    const revoked = await mail.token('alice')
    await mail.command(['sessions', 'revoke', claimsOf(revoked).sid])
    t.match(await byToken('alice', revoked), refused)
    t.match(await byToken('alice', good), taken)
    mail.clock.advance(11 * 60_000)
    t.match(await byToken('alice', good), refused)
  })
}

async function testEnds(t: Test, { mail, byPassword, byToken }: Scene) {
  await t.test('without the service nobody sends, and what is said is that the password is wrong', async t => {
    const token = await mail.token('alice')
    mail.front.insteadAnswers(503)
    t.match(await byPassword('alice'), refused)
    for (const mechanism of tokenMechanisms) t.match(await byToken('alice', token, mechanism), refused, mechanism)
    mail.front.insteadAnswers(undefined)
    t.match(await byPassword('alice'), taken)
  })

  await t.test('a user who is disabled is refused at once, by password and by token', async t => {
    const token = await mail.token('dave')
    t.match([await byPassword('dave'), await byToken('dave', token)], [taken, taken])
    await mail.command(['users', 'disable', 'dave'])
    t.match([await byPassword('dave'), await byToken('dave', token)], [refused, refused])
  })

  await t.test('tokens are good over a rotation of the keys, and refused when theirs is revoked', async t => {
    // By then the standby has been published for long enough.
    mail.clock.advance(24 * 60 * 60_000)
    const before = await mail.token('alice')
    await mail.command(['keys', 'rotate'])
    await mail.service.tick()
    const after = await mail.token('alice')
    t.not(headerOf(after).kid, headerOf(before).kid)
    t.match([await byToken('alice', before), await byToken('alice', after)], [taken, taken])
    await mail.command(['keys', 'revoke', headerOf(before).kid, '--reason', 'test'])
    await mail.service.tick()
    t.match([await byToken('alice', before), await byToken('alice', after)], [refused, taken])
  })
}

const versions = [
  [12, 'Postfix 3.7 over Dovecot 2.3'],
  [13, 'Postfix 3.10 over Dovecot 2.4'],
] as const
for (const [release, name] of versions)
  test(name, async (t: Test) => {
    const mail = await withMail(t, 'dovecot')
    const [{ port }, program] = [await startPostfix(t, mail, release), mailProgram(t)]
    const scene: Scene = {
      mail,
      byPassword: (user, secret = password, more = {}) =>
        program({ protocol: 'smtp', port, mechanism: 'PLAIN', user, secret, ...more }),
      byToken: (user, secret, mechanism = 'OAUTHBEARER') =>
        program({ protocol: 'smtp', port, mechanism, user, secret }),
    }
    await testPasswords(t, scene)
    await testTokens(t, scene)
    await testEnds(t, scene)
  })
