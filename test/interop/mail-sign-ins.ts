/** What each version of Dovecot does with the passwords and the tokens of people. */
import type { Test } from 'tap'
import { claimsOf, headerOf, password } from '../support/serve.ts'
import { type Mail, type Mechanism, otherAudience, type SignIn, type Told } from './mail.ts'
import type { Dovecot } from './mail-dovecot.ts'
import { wrongTokens } from './wrong-tokens.ts'

export interface Scene {
  readonly mail: Mail
  readonly dovecot: Dovecot
  readonly program: (signIn: SignIn) => Promise<Told>
}

/** What a mail program is told, as the page says it. */
export interface Says {
  readonly wrongPassword: RegExp
  /** Before a token is refused, in OAUTHBEARER and in XOAUTH2. */
  readonly badToken: readonly [string, string]
  /** To a token while the service answers 503. */
  readonly tokenInOutage: RegExp
  /** How this version names the protocol to the service. */
  readonly protocolHeader: string
}

export const refused = /^\[AUTHENTICATIONFAILED\] Authentication failed\.$/
export const temporary = /^\[UNAVAILABLE\] Temporary authentication failure\. /

export const tokenMechanisms: readonly Mechanism[] = ['OAUTHBEARER', 'XOAUTH2']

/** Sign-ins over IMAP. */
export function signIns({ dovecot, program }: Pick<Scene, 'dovecot' | 'program'>) {
  const imap = { protocol: 'imap', port: dovecot.port } as const
  return {
    byPassword: (user: string, secret = password, more: Partial<SignIn> = {}) =>
      program({ ...imap, mechanism: 'PLAIN', user, secret, ...more }),
    byToken: (user: string, secret: string, mechanism: Mechanism = 'OAUTHBEARER') =>
      program({ ...imap, mechanism, user, secret }),
  }
}

async function testPasswords(t: Test, scene: Scene, says: Says) {
  const { mail } = scene
  const { byPassword } = signIns(scene)

  await t.test('a password opens the mailbox, in whatever letters the name is typed or registered', async t => {
    for (const user of ['alice', 'ALICE', 'carol', 'Carol'])
      t.match(await byPassword(user), { done: true, answer: 'Logged in' }, user)
  })

  await t.test('a wrong password, the name of nobody and a token as the password are refused', async t => {
    const tries = [
      ['alice', 'wrong'],
      ['nobody', password],
      ['alice', await mail.token('alice')],
    ] as const
    for (const [user, secret] of tries)
      t.match(await byPassword(user, secret), { done: false, answer: says.wrongPassword }, `${user} ${secret}`)
  })

  await t.test('too many wrong passwords are a temporary failure for that person, and for nobody else', async t => {
    for (const five of ['first', 'next'])
      for (const told of await Promise.all([1, 2, 3, 4, 5].map(tried => byPassword('bob', `${five} ${tried}`))))
        t.match(told, { done: false, answer: says.wrongPassword })
    t.match(await byPassword('bob'), { done: false, answer: temporary })
    t.match(await byPassword('alice'), { done: true })
    await mail.command(['users', 'unlock', 'bob'])
    t.match(await byPassword('bob'), { done: true })
  })
}

async function testTokens(t: Test, scene: Scene, { badToken }: Says) {
  const { mail } = scene
  const { byToken } = signIns(scene)
  const good = await mail.token('alice')

  await t.test('a token opens the mailbox of its person, and no other', async t => {
    for (const mechanism of tokenMechanisms) {
      t.match(await byToken('alice', good, mechanism), { done: true }, mechanism)
      t.match(await byToken('bob', good, mechanism), { done: false, answer: refused }, mechanism)
    }
  })

  await t.test('what has a good signature and is no token for the mail server is refused', async t => {
    const wrong = await wrongTokens(mail.service, good)
    const others = {
      'one that the issuer gave for another audience': await mail.token('alice', otherAudience),
    }
    for (const [name, token] of Object.entries({ ...wrong, ...others, garbage: 'a.b.c' }))
      for (const [at, mechanism] of tokenMechanisms.entries())
        t.match(
          await byToken('alice', token, mechanism),
          { done: false, answer: refused, challenges: [badToken[at]] },
          `${name} by ${mechanism}`,
        )
  })

  await t.test('a token is refused when its session was revoked, and when it has expired', async t => {
    const revoked = await mail.token('alice')
    await mail.command(['sessions', 'revoke', claimsOf(revoked).sid])
    t.match(await byToken('alice', revoked), { done: false, answer: refused })
    t.match(await byToken('alice', good), { done: true })
    mail.clock.advance(11 * 60_000)
    t.match(await byToken('alice', good), { done: false, answer: refused })
  })

  await t.test('tokens are good over a rotation of the keys, and refused when theirs is revoked', async t => {
    // By then the standby has been published for long enough.
    mail.clock.advance(24 * 60 * 60_000)
    const before = await mail.token('alice')
    await mail.command(['keys', 'rotate'])
    await mail.service.tick()
    const after = await mail.token('alice')
    t.not(headerOf(after).kid, headerOf(before).kid)
    for (const token of [before, after]) t.match(await byToken('alice', token), { done: true })
    await mail.command(['keys', 'revoke', headerOf(before).kid, '--reason', 'test'])
    await mail.service.tick()
    t.match(await byToken('alice', before), { done: false, answer: refused })
    t.match(await byToken('alice', after), { done: true })
  })
}

async function testEnds(t: Test, scene: Scene, says: Says) {
  const { mail, dovecot } = scene
  const { byPassword, byToken } = signIns(scene)

  await t.test('a user who is disabled is refused at once, by password and by token', async t => {
    const token = await mail.token('dave')
    t.match(await byPassword('dave'), { done: true })
    t.match(await byToken('dave', token), { done: true })
    await mail.command(['users', 'disable', 'dave'])
    t.match(await byPassword('dave'), { done: false, answer: says.wrongPassword })
    t.match(await byToken('dave', token), { done: false, answer: refused })
  })

  await t.test('without the service nobody is let in, and no secret is in the log', async t => {
    const token = await mail.token('alice')
    mail.front.insteadAnswers(503)
    t.match(await byPassword('alice'), { done: false, answer: temporary })
    for (const mechanism of tokenMechanisms)
      t.match(await byToken('alice', token, mechanism), { done: false, answer: says.tokenInOutage }, mechanism)
    mail.front.insteadAnswers(undefined)
    t.match(await byPassword('alice'), { done: true })
    for (const secret of [mail.clientSecret, password, token]) t.notOk(dovecot.output().includes(secret))
  })

  await t.test('sessions and the audit have the address of the person', async t => {
    const { header } = mail.front
    t.match(await byPassword('alice', password, { from: '127.0.0.5' }), { done: true })
    t.match(header('x-dovecot-auth-remote'), /^127\.0\.0\.5:\d+$/)
    t.equal(header(says.protocolHeader), 'imap')
    t.match(await byPassword('alice', password, { from: '127.0.0.5', forwards: '203.0.113.7' }), { done: true })
    t.match(header('x-dovecot-auth-remote'), /^127\.0\.0\.5:\d+$/, 'no client of the server says what it likes')
    mail.clock.advance(1000)
    t.match(await byPassword('alice', password, { from: '127.0.0.9', forwards: '203.0.113.7' }), { done: true })
    t.equal(header('x-dovecot-auth-remote'), '203.0.113.7:55710', 'a proxy that is trusted does')
    const [last] = await mail.ask(['sessions', 'list', '--user', 'alice'])
    t.match(last, { client_id: 'mail', address: '203.0.113.7', forwarded_by: '127.0.0.1' })
    await byPassword('alice', 'wrong', { from: '127.0.0.9', forwards: '203.0.113.8' })
    await mail.service.writeEvents()
    t.match(await mail.ask(['audit', 'list', '--address', '203.0.113.8']), [
      { type: 'user.sign_in', outcome: 'failure', details: { forwarded_by: '127.0.0.1' } },
    ])
  })
}

export async function testSignIns(t: Test, scene: Scene, says: Says) {
  await testPasswords(t, scene, says)
  await testTokens(t, scene, says)
  await testEnds(t, scene, says)
}
