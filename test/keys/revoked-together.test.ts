/** Two operators who revoke all keys at the same moment: one of them does it, and the other one is told so. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { signet } from '../support/command-line.ts'
import { createHold } from '../support/hold.ts'
import { environmentOf, serve, temporaryFolder } from '../support/serve.ts'
import { keyAuditOf, keyIn, keysOf, kidsIn } from '../support/signing-keys.ts'
import { select } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const stores = {
  files: {},
  database: { SIGNET_KEYS_STORE: 'database', SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') },
}

for (const [name, more] of Object.entries(stores)) {
  t.test(`of two that revoke all keys at once one wins, and the other one says what happened: ${name}`, async t => {
    const folder = temporaryFolder(t)
    const service = await serve(t, { folder, environment: more })
    await service.stop()
    const environment = { ...(await environmentOf(folder)), ...more }
    const hold = createHold()
    const privateKeys: Faults['privateKeys'] = files => ({
      ...files,
      // Both have decided by then.
      prepare: (kid, key) => hold.pass(() => files.prepare(kid, key)),
    })
    const before = kidsIn(service, 'active', 'pending')
    const heard = keyAuditOf(service).length
    hold.close()
    const words = ['keys', 'revoke', '--all', '--reason', 'the key store was read', '--json']
    const both = [1, 2].map(() => signet(environment, words, '', undefined, { privateKeys }))
    await hold.waiting(2)
    hold.open()
    const [won, lost] = (await Promise.all(both)).toSorted((a, b) => (a.code ?? 0) - (b.code ?? 0))

    t.match(won, { code: 0, stderr: '' })
    t.strictSame(JSON.parse(won?.stdout ?? '').revoked.sort(), before.sort())
    const active = keyIn(service, 'active')
    t.match(lost, { code: 1, stdout: '' })
    t.match(
      lost?.stderr,
      `The keys were changed by another process at the same moment: ${active.kid} signs since ` +
        `${new Date(active.since_ms).toISOString()} (all_keys_revoked). This one changed nothing.`,
    )
    t.equal(keysOf(service).length, 4)
    t.equal(kidsIn(service, 'pending').length, 1)
    t.equal(keyAuditOf(service).length, heard + 4, 'the loser leaves no event')
    t.equal(
      select(service.databaseFile, 'select * from audit_keys').length,
      2,
      'the key of the audit was replaced once',
    )
    const { code, stdout } = await signet({ ...environment, SIGNET_KEYS_DIR: join(folder, 'keys') }, ['doctor'])
    t.equal(code, 0, stdout)
    const again = await serve(t, { folder, environment: more })
    t.notMatch(again.log(), /"(warn|error)"/, 'nothing is left over')
  })
}
