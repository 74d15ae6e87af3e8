/** An audit of many pages is whole whatever the sealer and the retention do while it is read. */
import t from 'tap'
import { createVerification } from '../../src/audit/verification.ts'
import { toLines } from '../../src/commands/audit-lines.ts'
import { sealedAudit } from '../support/sealed-audit.ts'
import { byTest } from '../support/serve.ts'
import { change, select } from '../support/sqlite.ts'

const DAY_MS = 86_400_000
/** More than a page has. */
const SEALS = 520
const RETENTION = { seconds: 30 * 86_400, text: '30d' }

t.test(
  'what is sealed and removed while it is read is no gap, and an export says that it must be made again',
  async t => {
    const environment = { SIGNET_AUDIT_RETENTION: RETENTION.text }
    const { service, clock, verify, file } = await sealedAudit(t, { environment })
    const add = async (name: number) => {
      await service.roles.add({ name: `role-${name}`, permissions: ['posts:read'] }, byTest)
      await service.seal()
    }
    for (let seal = 0; seal < SEALS; seal += 1) await add(seal)
    t.ok(select(file, 'select count(*) as seals from audit_seals')[0]?.['seals'] >= SEALS)
    t.match(await verify(), { ok: true, problems: [] })

    clock.advance(31 * DAY_MS)
    await add(SEALS)
    const proof = await service.container.auditProof()
    const lines = toLines(await proof.read())
    // The first page was read.
    while (!(await lines.next()).value?.includes('"digest"'));
    const verification = createVerification({
      publicKeys: [],
      head: undefined,
      retention: RETENTION,
      nowMs: clock.now(),
    })
    let isRemoved = false
    for await (const item of await proof.read()) {
      verification.take(item)
      if (item.kind !== 'batch' || isRemoved) continue
      isRemoved = true
      await (await service.container.janitor()).sweep()
      await add(SEALS + 1)
    }
    const { problems, last } = verification.sum()
    t.strictSame(problems, [])
    t.equal(last?.number, select(file, 'select max(number) as last from audit_seals')[0]?.['last'])
    await t.rejects(
      async () => {
        for await (const _ of lines);
      },
      { name: 'StorageRefused', message: /was removed meanwhile/ },
    )
  },
)

t.test('a seal into which somebody put thousands of rows does not hide what is in the others', async t => {
  const { happen, verify, file } = await sealedAudit(t)
  for (const events of [2, 2, 2]) await happen(events)
  const columns = 'type, occurred_at_ms, outcome, actor'
  change(
    file,
    `insert into audit_events (id, seal, count, ${columns})
     with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 12000)
     select 'event_x' || n, 2, 1, ${columns} from numbers, (select * from audit_events where seal = 2 order by id limit 1) as row`,
  )
  t.match(await verify(), { ok: false, problems: [{ seal: 2 }] })
  t.equal((await verify()).problems.length, 1)
})
