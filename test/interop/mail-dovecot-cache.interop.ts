/** What Dovecot's own cache answers, and for how long. DEBIAN_12 and DEBIAN_13 name Debians with Dovecot 2.3 and 2.4. */
import t, { type Test, test } from 'tap'
import { until } from '../support/status-list.ts'
import { mailProgram, withMail } from './mail.ts'
import { startDovecot } from './mail-dovecot.ts'
import { refused, signIns, temporary } from './mail-sign-ins.ts'

t.setTimeout(180_000)

const settings = 'conf.d/signet-cache.conf.ext'
const hasExpired = 'auth_cache_ttl = 1 s\n'

async function withCache(t: Test, release: 12 | 13, more = '') {
  const [mail, program] = [await withMail(t, 'dovecot'), mailProgram(t)]
  const dovecot = await startDovecot(t, mail, release, { also: [settings], more })
  return { mail, dovecot, ...signIns({ dovecot, program }), signInsAsked: () => mail.front.askedFor('/oauth/token') }
}

for (const [release, version] of [
  [12, '2.3'],
  [13, '2.4'],
] as const)
  test(`Dovecot ${version} lets in whom it remembers without a question, until its cache is flushed`, async t => {
    const { mail, dovecot, byPassword, byToken, signInsAsked } = await withCache(t, release)
    const token = await mail.token('dave')
    t.match([await byPassword('dave'), await byToken('dave', token)], [{ done: true }, { done: true }])
    const before = signInsAsked()
    t.match(await byPassword('dave'), { done: true })
    t.equal(signInsAsked(), before)
    await mail.command(['users', 'disable', 'dave'])
    t.match(await byPassword('dave'), { done: true }, 'nobody asked')
    t.equal((await byToken('dave', token)).done, release === 12, '2.4 remembers no token')
    await dovecot.doveadm(['auth', 'cache', 'flush', 'dave'])
    t.match(await byPassword('dave'), { done: false, answer: release === 12 ? refused : temporary })
    t.equal((await byToken('dave', token)).done, release === 12, '2.3 finds no token by the name')
    await dovecot.doveadm(['auth', 'cache', 'flush'])
    t.match(await byToken('dave', token), { done: false, answer: refused })
  })

/** Signs in until the service was asked. @returns what that sign-in was answered */
async function untilAsked({ byPassword, signInsAsked }: Awaited<ReturnType<typeof withCache>>, user: string) {
  const before = signInsAsked()
  let told = await byPassword(user)
  await until(async () => {
    if (signInsAsked() > before) return true
    told = await byPassword(user)
    return false
  })
  return told
}

test('Dovecot 2.3 asks again after the time, and without an answer lets in whom it remembers', async t => {
  const cached = await withCache(t, 12, hasExpired)
  const { mail, byPassword } = cached
  for (const user of ['alice', 'dave']) t.match(await byPassword(user), { done: true })
  await mail.command(['users', 'disable', 'dave'])
  t.match(await untilAsked(cached, 'dave'), { done: false, answer: refused })
  mail.front.insteadAnswers(503)
  t.match(await untilAsked(cached, 'alice'), { done: true }, 'it has expired, and is all that there is')
  t.match(await byPassword('bob'), { done: false, answer: temporary }, 'who was not there before')
})

test('Dovecot 2.4 takes a refusal for a failure, and lets in for ever whom it remembers', async t => {
  const cached = await withCache(t, 13, hasExpired)
  t.match(await cached.byPassword('dave'), { done: true })
  await cached.mail.command(['users', 'disable', 'dave'])
  for (const time of ['first', 'second']) t.match(await untilAsked(cached, 'dave'), { done: true }, time)
})
