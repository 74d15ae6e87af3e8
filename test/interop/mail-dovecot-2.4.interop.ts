/** Dovecot 2.4 of Debian 13, which DEBIAN_13 names, with the configuration of docs/integrations/dovecot.md. */
import t, { test } from 'tap'
import { mailProgram, withMail } from './mail.ts'
import { startDovecot } from './mail-dovecot.ts'
import { refused, temporary, testSignIns } from './mail-sign-ins.ts'

// Each refusal takes Dovecot half a second.
t.setTimeout(180_000)

test('Dovecot 2.4', async t => {
  const mail = await withMail(t, 'dovecot')
  const scene = { mail, dovecot: await startDovecot(t, mail, 13), program: mailProgram(t) }
  await testSignIns(t, scene, {
    wrongPassword: temporary,
    badToken: [
      '{"status":"invalid_token","scope":"mail","openid-configuration":""}',
      '{"schemes":"bearer","status":"401","scope":"mail","openid-configuration":""}',
    ],
    tokenInOutage: refused,
    protocolHeader: 'x-dovecot-auth-protocol',
  })
})
