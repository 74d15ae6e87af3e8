/** Mail for those who have a permission. DEBIAN_12 and DEBIAN_13 name Debians with Dovecot 2.3 and 2.4. */
import t, { test } from 'tap'
import { mailProgram, withMail } from './mail.ts'
import { startDovecot } from './mail-dovecot.ts'
import { refused, signIns, temporary } from './mail-sign-ins.ts'

t.setTimeout(180_000)

/** Wherever introspection is spoken of, which is in each file of 2.3 and in each block of 2.4. */
const withScope = (text: string) => text.replaceAll(/^( *)introspection_mode = post$/gm, '$&\n$1scope = mail:use')

const versions = [
  [12, '2.3'],
  [13, '2.4'],
] as const
for (const [release, version] of versions)
  test(`Dovecot ${version} lets in who has the permission, and nobody else`, async t => {
    const mail = await withMail(t, 'dovecot')
    await mail.command(['roles', 'add', 'mail-user', '--permission', 'mail:use'])
    await mail.command(['roles', 'grant', 'mail-user', '--user', 'alice'])
    const changed = (_name: string, text: string) => withScope(text)
    const dovecot = await startDovecot(t, mail, release, { changed })
    const { byPassword, byToken } = signIns({ dovecot, program: mailProgram(t) })
    t.match(await byPassword('alice'), { done: true })
    t.match(await byToken('alice', await mail.token('alice')), { done: true })
    t.match(await byPassword('bob'), { done: false, answer: temporary })
    t.match(await byToken('bob', await mail.token('bob')), { done: false, answer: refused })
  })
