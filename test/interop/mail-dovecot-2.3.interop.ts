/** Dovecot 2.3 of Debian 12, which DEBIAN_12 names, with the configuration of docs/integrations/dovecot.md. */
import t, { test } from 'tap'
import { mailProgram, withMail } from './mail.ts'
import { startDovecot } from './mail-dovecot.ts'
import { refused, temporary, testSignIns } from './mail-sign-ins.ts'

// Each refusal takes Dovecot half a second.
t.setTimeout(180_000)

test('Dovecot 2.3', async t => {
  const mail = await withMail(t, 'dovecot')
  const scene = { mail, dovecot: await startDovecot(t, mail, 12), program: mailProgram(t) }
  await testSignIns(t, scene, {
    wrongPassword: refused,
    badToken: ['{"status":"invalid_token"}', '{"status":"401","schemes":"bearer","scope":"mail"}'],
    tokenInOutage: temporary,
    protocolHeader: 'x-dovecot-auth-service',
  })
})
