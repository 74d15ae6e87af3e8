import type { Test } from 'tap'
import type { Cascade } from '../../../src/records/cascade.ts'
import { type EmptyDatabase, type Engine, openMigrated } from './records.ts'

const cascadeOf = (name: string, more: Partial<Cascade> = {}): Cascade => ({
  id: `cascade_${name}`,
  change: 'end',
  target: { clientId: 'client_web-app' },
  reason: 'client_disabled',
  cursor: '',
  done: 0,
  by: { actor: 'operator:root', address: '2001:db8::1', userAgent: 'curl/8 “x”', requestId: 'req-1' },
  ...more,
})

const insert = ({ write }: EmptyDatabase, ...all: readonly Cascade[]) =>
  write(async ({ cascades }) => {
    for (const cascade of all) await cascades.insert(cascade)
  })

const unknown = { actor: 'signet', address: null, userAgent: null, requestId: null }
const some = [
  cascadeOf('a'),
  cascadeOf('b', { change: 'take', target: { roleName: 'editor' }, reason: 'role_updated', by: unknown }),
  cascadeOf('c', {
    target: { subjectId: 'user_alice', exceptSessionId: 'session_one' },
    cursor: 'session_9',
    done: 400,
  }),
  cascadeOf('d', { change: 'take', target: { subjectId: 'user_alice', clientId: 'client_spa', roleName: 'editor' } }),
  cascadeOf('e', { target: { credentialId: 'key_1' }, reason: 'api_key_revoked' }),
  cascadeOf('f', { target: { subjectId: 'user_alice', exceptSessionId: 'session_one', signInsOnly: true } }),
  cascadeOf('g', { change: 'take', target: { subjectId: 'client_spa', exceptClientId: 'client_spa' } }),
]

export function cascadeChecks(t: Test, engine: Engine): void {
  t.test('a cascade comes back with every field as it was recorded, and is listed by its id', async t => {
    const database = await openMigrated(t, engine)
    t.strictSame(await database.read.cascades.list(), [])
    await insert(database, ...some.toReversed())
    t.strictSame(await database.read.cascades.list(), some)
    for (const cascade of some) t.strictSame(await database.write(({ cascades }) => cascades.lock(cascade.id)), cascade)
  })

  t.test('how far one is, is written with its batch, and changes nothing else of it and no other', async t => {
    const database = await openMigrated(t, engine)
    await insert(database, ...some)
    await database.write(({ cascades }) => cascades.advance('cascade_b', 'user_7', 12))
    const expected = some.map(cascade =>
      cascade.id === 'cascade_b' ? { ...cascade, cursor: 'user_7', done: 12 } : cascade,
    )
    t.strictSame(await database.read.cascades.list(), expected)
  })

  t.test('one that is over is removed, and locked by nobody any more', async t => {
    const database = await openMigrated(t, engine)
    await insert(database, ...some)
    const after = await database.write(async ({ cascades }) => {
      await cascades.remove('cascade_b')
      return cascades.lock('cascade_b')
    })
    t.equal(after, undefined)
    t.equal(await database.write(({ cascades }) => cascades.lock('cascade_none')), undefined)
    t.strictSame(
      (await database.read.cascades.list()).map(({ id }) => id),
      ['a', 'c', 'd', 'e', 'f', 'g'].map(name => `cascade_${name}`),
    )
  })

  t.test(
    'of many who go on with one at once each sees what the one before has done, and none comes after its end',
    async t => {
      const database = await openMigrated(t, engine)
      await insert(database, cascadeOf('a'))
      const seen = await Promise.all(
        Array.from({ length: 20 }, () =>
          database.write(async ({ cascades }) => {
            const cascade = await cascades.lock('cascade_a')
            if (cascade === undefined) return 'over'
            if (cascade.done === 12) await cascades.remove(cascade.id)
            else await cascades.advance(cascade.id, '', cascade.done + 1)
            return cascade.done
          }),
        ),
      )
      const done = seen.filter(one => one !== 'over').map(Number)
      t.strictSame(
        done.toSorted((a, b) => a - b),
        Array.from({ length: 13 }, (_, index) => index),
      )
    },
  )

  t.test('a batch whose work fails has not moved', async t => {
    const database = await openMigrated(t, engine)
    await insert(database, cascadeOf('a'))
    const failing = database.write(async ({ cascades }) => {
      await cascades.advance('cascade_a', 'session_1', 200)
      throw new Error('refused')
    })
    await t.rejects(failing, { message: 'refused' })
    t.strictSame(await database.read.cascades.list(), [cascadeOf('a')])
  })
}
