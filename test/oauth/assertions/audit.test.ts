/** What the audit tells of assertions: which job got the token, and why another did not; never what strangers wrote, and no token. */
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  addIssuer,
  addKey,
  addTrust,
  addWorker,
  clientClaims,
  newKey,
  present,
  workload,
  workloadClaims,
} from '../../support/assertions.ts'
import { rowsOf } from '../../support/audit.ts'
import { testClock } from '../../support/clock.ts'
import { sign } from '../../support/hostile-assertions.ts'
import type { Json } from '../../support/issuer.ts'
import { sealedAudit } from '../../support/sealed-audit.ts'
import { type Service, serve, temporaryFolder } from '../../support/serve.ts'
import { change, notOnPostgres, rowsIn, select } from '../../support/sqlite.ts'
import { restarted } from '../../support/status-list.ts'

const key = newKey('ES256', 'the-key')
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')

/** The same token: the last character of a signature of 64 bytes has bits that say nothing. */
function respelled(token: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + letters[letters.indexOf(token.at(-1) ?? '') ^ 1]
}

async function stage(t: Test) {
  const clock = testClock(Math.floor(Date.now() / 1000) * 1000)
  const service = await serve(t, { clock })
  return { clock, service, ...(await withWorker(service, clock)) }
}

/** A client with a key, and a trust. */
async function withWorker(service: Service, { now }: { now(): number }) {
  await addIssuer(service, key)
  const { client } = await addWorker(service)
  const { added } = await addTrust(service)
  let seen = rowsOf(service.databaseFile).length
  return {
    clientId: client.id,
    trustId: added.id,
    token: (more: Json = {}, at: Pick<Service, 'issuer'> = service) => sign(key, workloadClaims(at, now(), more)),
    async fresh() {
      await service.writeEvents()
      const rows = rowsOf(service.databaseFile).slice(seen)
      seen += rows.length
      return rows.map(({ details, ...row }) => ({ ...row, details: details === null ? null : JSON.parse(details) }))
    },
  }
}

t.test('a token of a workload is told of once, whoever asks by it, wherever and however often', async t => {
  const { clientId, clock, fresh, service, token, trustId } = await stage(t)
  const jti = randomUUID()
  const first = token({ jti, environment: 'x' })
  for (const each of [first, first, respelled(first)]) t.equal((await present(service, each)).status, 200)
  const grants = await fresh()
  t.equal(grants.length, 1)
  t.match(grants[0], {
    type: 'client.grant',
    outcome: 'success',
    reason: null,
    client_id: clientId,
    target: trustId,
    count: 1,
  })
  t.strictSame(grants[0]?.details, {
    sub: workload.sub,
    claims: workload,
    jti_sha256: sha256(jti),
  })

  const other = token({ jti: undefined })
  for (const _ of [1, 2]) await present(service, other)
  const events = await fresh()
  t.match(events, [{ type: 'client.grant', target: trustId, details: { sub: workload.sub } }])
  t.equal(events.length, 1, 'though its row was written before')
  t.equal(events[0]?.details.assertion_sha256, sha256(other), 'without a jti it is the hash of itself')

  const again = await restarted(t, service, { clock })
  for (const each of [first, other]) t.equal((await present(again, each)).status, 200)
  t.strictSame(await fresh(), [], 'after a start it is known')
  clock.advance(601_000)
  await present(again, first)
  t.match(
    await fresh(),
    [{ type: 'client.grant', details: { jti_sha256: sha256(jti) } }],
    'but when its row is written',
  )
})

t.test("of a client's own assertion the hash of its jti is told", async t => {
  const { clock, fresh, service } = await stage(t)
  const { added } = await addKey(service, key)
  await fresh()
  const jti = randomUUID()
  t.equal((await present(service, sign(key, clientClaims(service, clock.now(), { jti })))).status, 200)
  t.match(await fresh(), [{ type: 'client.grant', target: added.id, details: { jti_sha256: sha256(jti) } }])
})

t.test('what did not match is told of, with whom the token speaks of, when it is genuine and for us', async t => {
  const { clientId, clock, fresh, service, token } = await stage(t)
  const detailsOf = async (assertion: string) => {
    t.equal((await present(service, assertion)).status, 401)
    // What repeats within a minute is counted at its end.
    clock.advance(60_000)
    const [event, ...more] = await fresh()
    t.strictSame(more, [])
    t.match(event, {
      type: 'client.authenticate',
      outcome: 'failure',
      reason: 'conditions_not_met',
      client_id: clientId,
    })
    return event?.details
  }
  const lacks = (claim: 'sub' | 'repository_id', seen: string | null) => ({ claim, condition: workload[claim], seen })
  t.strictSame(await detailsOf(token({ repository_id: '4712' })), {
    sub: workload.sub,
    did_not_match: [lacks('repository_id', '4712')],
  })
  t.strictSame(await detailsOf(token({ sub: 'x', repository_id: null })), {
    sub: 'x',
    did_not_match: [lacks('repository_id', 'null'), lacks('sub', 'x')],
  })
  t.strictSame(await detailsOf(token({ sub: undefined, repository_id: [1, 'a'] })), {
    did_not_match: [lacks('repository_id', '[1,"a"]'), lacks('sub', null)],
  })
  const long = await detailsOf(token({ sub: 's'.repeat(1000), repository_id: { a: 'x'.repeat(1000) } }))
  t.strictSame(long, {
    sub: 's'.repeat(256),
    did_not_match: [lacks('repository_id', `{"a":"${'x'.repeat(250)}`), lacks('sub', 's'.repeat(256))],
  })
  const strange = await detailsOf(token({ sub: 'a\u0000b\u202E\ud83d', repository_id: '\u0000' }))
  t.match(strange, { sub: 'a\u0000b\u202E\ud83d' })
  await addTrust(service, 'worker', [
    { name: 'sub', value: 'x' },
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
  ])
  await fresh()
  t.strictSame(
    (await detailsOf(token({ repository_id: '4712' }))).did_not_match,
    [lacks('repository_id', '4712')],
    'of several trusts that which lacks least',
  )
})

t.test('of what is forged, for others or over nothing is told but the reason, and no token is kept', async t => {
  const { clock, fresh, service, token } = await stage(t)
  const stranger = newKey('ES256', key.kid)
  const claims = (more: Json = {}) => workloadClaims(service, clock.now(), { sub: 'a-secret-of-theirs', ...more })
  const now = clock.now() / 1000
  const reasons: Readonly<Record<string, string>> = {
    wrong_signature: sign(stranger, claims()),
    unknown_key: sign(newKey(), claims()),
    unknown_issuer: sign(key, claims({ iss: 'a-secret-of-theirs' })),
    wrong_audience: sign(key, claims({ aud: 'a-secret-of-theirs' })),
    assertion_expired: sign(key, claims({ iat: now - 120, exp: now - 60 })),
    assertion_without_times: sign(key, claims({ iat: undefined })),
    wrong_assertion_type: sign(key, claims(), { typ: 'at+jwt' }),
    malformed_assertion: `${sign(key, claims())}.a-secret-of-theirs`,
  }
  for (const [reason, assertion] of Object.entries(reasons)) {
    t.equal((await present(service, assertion)).status, 401)
    t.match(await fresh(), [{ reason, details: null, name_hash: null, target: null }])
  }
  t.equal((await present(service, token(), { client_id: 'a-secret-of-theirs' })).status, 401)
  t.match(await fresh(), [{ reason: 'unknown_client', details: null, name_hash: /^.{20,}$/ }])
  t.equal((await present(service, token())).status, 200)
  const kept = JSON.stringify(rowsIn(service.databaseFile)) + service.log()
  t.notMatch(kept, /a-secret-of-theirs/)
  for (const assertion of Object.values(reasons))
    for (const part of assertion.split('.').slice(1)) t.notOk(kept.includes(part.slice(-40)))
})

t.test(
  'seals cover what is told of a token, and an export of before has nothing of it',
  {
    skip: notOnPostgres('it looks into the file'),
  },
  async t => {
    const { clock, file, run, service, text, verify } = await sealedAudit(t)
    const { token } = await withWorker(service, clock)
    await present(service, token())
    await present(service, token({ repository_id: '4712' }))
    await service.writeEvents()
    await service.seal()
    t.match(await verify(), { ok: true, problems: [] })
    const exported = join(temporaryFolder(t), 'audit.jsonl')
    writeFileSync(exported, await text(['audit', 'export']))
    const lines = readFileSync(exported, 'utf8').trimEnd().split('\n')
    const verdictOn = async (changed: readonly string[]) => {
      writeFileSync(exported, changed.map(line => `${line}\n`).join(''))
      return (await run(['audit', 'verify', exported])).code
    }
    t.equal(await verdictOn(lines), 0)
    t.equal(await verdictOn(lines.map(line => line.replace(',"details":null', ''))), 0, 'as before there were any')
    t.notOk(lines.every(line => !line.includes('did_not_match')))
    t.equal(await verdictOn(lines.map(line => line.replace('4712', '4713'))), 1)
    t.equal(
      await verdictOn(
        lines.map(line => line.replace(/"details":"[^}]*did_not_match.*?","seal"/, '"details":null,"seal"')),
      ),
      1,
    )

    const rows = select(file, 'select id, details from audit_events where details is not null')
    t.equal(rows.length, 2)
    for (const { id, details } of rows)
      for (const value of [null, details.replace('main', 'evil'), ` ${details}`]) {
        change(file, 'update audit_events set details = ? where id = ?', value, id)
        t.match(await verify(), { ok: false, problems: [{ message: /does not fit its events/ }] }, `${value}`)
        change(file, 'update audit_events set details = ? where id = ?', details, id)
      }
    const [other] = select(file, 'select id from audit_events where details is null and seal is not null')
    change(file, "update audit_events set details = '{}' where id = ?", other?.['id'])
    t.match(await verify(), { ok: false }, 'of one that had none')
  },
)
