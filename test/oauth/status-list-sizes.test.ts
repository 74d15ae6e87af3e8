/** A list is as large as what the last one handed out calls for. */
import { type Test, test } from 'tap'
import { testClock } from '../support/clock.ts'
import { change } from '../support/sqlite.ts'
import { bytesOf, type Device, device, fetchList, restarted, statusListsOf, withAlice } from '../support/status-list.ts'

const HOUR_MS = 3_600_000
/** Of a list, whatever its size. */
const BLOCKS = 1024

/** Entries of the list that a device's token points to, as they are in the database and in the document. */
async function sizeOf(t: Test, file: string, { status }: Device): Promise<number> {
  const row = statusListsOf(file).find(({ id }) => status.uri.endsWith(id))
  const bytes = bytesOf((await fetchList(status.uri)).text)
  t.equal(bytes.length * 8, row?.['size'])
  return bytes.length * 8
}

test('the first list has 2^14 entries, and one that few used is followed by one of the same size', async t => {
  const clock = testClock()
  const service = await withAlice(t, { clock })
  for (let day = 0; day < 3; day += 1) {
    t.equal(await sizeOf(t, service.databaseFile, await device(service)), 2 ** 14)
    clock.advance(24 * HOUR_MS)
  }
})

test('the next list has room for twice what this one handed out, or would have if it had not been full before its time', async t => {
  const cases: readonly (readonly [size: number, blocks: number, afterHours: number, next: number])[] = [
    [2 ** 14, 512, 24, 2 ** 14],
    [2 ** 14, 513, 24, 2 ** 15],
    [2 ** 14, BLOCKS, 24, 2 ** 15],
    [2 ** 14, BLOCKS, 12, 2 ** 16],
    [2 ** 14, BLOCKS, 1, 2 ** 20],
    [2 ** 14, BLOCKS, 0, 2 ** 20],
    [2 ** 20, BLOCKS, 24, 2 ** 20],
    [2 ** 20, 1, 24, 2 ** 14],
    [2 ** 20, 30, 36, 2 ** 16],
  ]
  for (const [size, blocks, afterHours, next] of cases) {
    const clock = testClock()
    const service = await withAlice(t, { clock })
    const first = await device(service)
    change(service.databaseFile, 'update status_lists set size = ?, next_block = ?', size, blocks)
    clock.advance(afterHours * HOUR_MS)
    const again = await restarted(t, service, { clock })
    const last = await device(again)
    t.not(last.status.uri, first.status.uri)
    t.equal(await sizeOf(t, again.databaseFile, last), next, `${blocks} blocks of ${size} in ${afterHours} h`)
  }
})
