/** Whoever can write the database and does not have its key can't make the audit say that its beginning was old enough to go. */
import { generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { kidOf } from '../../src/audit/public-key.ts'
import { sealMessage } from '../../src/records/audit-encoding.ts'
import { isOnPostgres } from '../support/environment.ts'
import { sealedAudit, sealsIn } from '../support/sealed-audit.ts'
import { change, select } from '../support/sqlite.ts'

t.test('a beginning that is missing is not old because a key says so that nobody believes', async t => {
  const { happen, verify, publicKey, file, service } = await sealedAudit(t)
  for (const events of [3, 2, 4]) await happen(events)
  await service.stop()
  const known = ['--public-key', await publicKey(), '--head', (await verify()).head ?? '']
  t.match(await verify(...known), { ok: true })
  const { publicKey: forger, privateKey } = generateKeyPairSync('ed25519')
  const { x } = forger.export({ format: 'jwk' })
  const kid = kidOf(x)
  const end = sealsIn(file).at(-2)
  const seal = {
    ...{ number: end?.['number'], encoding: end?.['encoding'], count: end?.['count'], digest: end?.['digest'] },
    ...{ sealedAtMs: 1, kid },
  }
  const signature = sign(null, sealMessage(select(file, 'select id from instance')[0]?.['id'], seal), privateKey)
  change(file, 'delete from audit_events where seal <= ?', seal.number)
  change(file, 'delete from audit_seals where number < ?', seal.number)
  change(
    file,
    'update audit_seals set sealed_at_ms = 1, kid = ?, signature = ? where number = ?',
    ...[kid, signature.toString('base64url'), seal.number],
  )
  change(file, 'update audit_keys set number = 2, first_seal = ?', seal.number + 1)
  change(
    file,
    'insert into audit_keys (number, first_seal, kid, public_jwk, created_at_ms, signature) values (1, 1, ?, ?, 0, null)',
    ...[kid, JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x })],
  )
  t.match(await verify(...known), { ok: false, problems: [{ seal: seal.number }] })
})

t.test('an event that names a seal before all others, or has no id, is found', async t => {
  const { happen, verify, file, service } = await sealedAudit(t)
  await happen(3)
  await service.stop()
  // A column of PostgreSQL holds nothing but whole numbers.
  const seals = isOnPostgres() ? ['-9223372036854775808'] : ['-9223372036854775808', '-9e999', "x'00'"]
  for (const seal of seals) {
    change(
      file,
      `insert into audit_events (id, type, occurred_at_ms, outcome, actor, seal) values ('event_1', 'role.add', 1, 'success', 'x', ${seal})`,
    )
    t.match(await verify(), { ok: false, problems: [{ event: 'event_1' }] }, seal)
    change(file, "delete from audit_events where id = 'event_1'")
  }
})
