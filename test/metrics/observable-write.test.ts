/** What is counted of a write is what became durable, once. */
import { test } from 'tap'
import { createObservableWrite, type WriteObserver } from '../../src/metrics/observable-write.ts'
import { type AuditEvent, itself } from '../../src/records/audit-event.ts'
import { StorageUnavailable, type Stores, type Write } from '../../src/records/unit-of-work.ts'

const event: AuditEvent = { type: 'user.add', outcome: 'success', provenance: itself }
const nothing = async () => {}
const stores = { audit: { append: nothing }, revocations: { add: nothing } } as unknown as Stores
const revocation = { listId: 'list_1', index: 1, untilMs: 1 }

const act = async ({ audit, revocations }: Stores) => {
  await audit.append(event)
  await revocations.add([revocation, revocation])
}

/** Lets `write` do an act, and answers what was told of it. */
async function toldOf(write: Write, work = act, size?: 'one statement'): Promise<readonly string[]> {
  const told: string[] = []
  const observer: WriteObserver = {
    over: (outcome, seconds) => void told.push(seconds >= 0 ? outcome : `${outcome} in no time`),
    appended: ({ type }) => void told.push(type),
    revoked: indices => void told.push(`${indices} revoked`),
  }
  const observable = createObservableWrite(write)
  observable.observe(observer)
  await observable.write(work, size).catch(() => {})
  return told
}

const ordinary: Write = work => work(stores)

test('an act is told of with its events and revocations', async t => {
  t.same(await toldOf(ordinary), ['user.add', '2 revoked', 'success'])
  t.same(await toldOf(ordinary, nothing, 'one statement'), ['success'])
})

test('the work of a victim of a deadlock, which runs again, counts once', async t => {
  const victim: Write = async work => {
    await work(stores)
    return work(stores)
  }
  t.same(await toldOf(victim), ['user.add', '2 revoked', 'success'])
})

test('what is undone leaves no event, whether the work threw or the commit failed', async t => {
  const refused = async (inside: Stores) => {
    await act(inside)
    throw new Error('refused')
  }
  const full: Write = async work => {
    await work(stores)
    throw new StorageUnavailable('the disk is full')
  }
  t.same(await toldOf(ordinary, refused), ['undone'])
  t.same(await toldOf(full), ['unavailable'])
})

test('until somebody observes it, a write is handed on as it is', async t => {
  const seen: unknown[] = []
  const write: Write = (work, size) => {
    seen.push(work, size)
    return work(stores)
  }
  await createObservableWrite(write).write(act, 'one statement')
  t.same(seen, [act, 'one statement'])
})
