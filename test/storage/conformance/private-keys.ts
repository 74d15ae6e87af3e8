import type { Test } from 'tap'
import type { StoredPrivateKey } from '../../../src/records/private-key.ts'
import { type Engine, openMigrated } from './records.ts'

const keyOf = (kid: string, state: StoredPrivateKey['state'] = 'prepared'): StoredPrivateKey => ({
  ...{ kid, state, jwe: `jwe of ${kid}` },
})

export function privateKeyChecks(t: Test, engine: Engine): void {
  t.test('private keys come back as they were stored, each purpose by itself', async t => {
    const { read, write } = await openMigrated(t, engine)
    t.strictSame(await read.privateKeys.list('signing'), [])
    const keys = [keyOf('a'), keyOf('b', 'kept')]
    for (const key of keys) t.equal(await write(({ privateKeys }) => privateKeys.insert('signing', key)), true)
    await write(({ privateKeys }) => privateKeys.insert('audit', keyOf('a', 'kept')))
    t.same(await read.privateKeys.list('signing'), keys)
    t.same(await read.privateKeys.list('audit'), [keyOf('a', 'kept')])
  })

  t.test('a private key of a kid that is there is not stored', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ privateKeys }) => privateKeys.insert('signing', keyOf('a')))
    const other = { ...keyOf('a', 'kept'), jwe: 'another' }
    t.equal(await write(({ privateKeys }) => privateKeys.insert('signing', other)), false)
    t.same(await read.privateKeys.list('signing'), [keyOf('a')])
  })

  t.test('what was prepared is kept, and removed in the state that is named only', async t => {
    const { read, write } = await openMigrated(t, engine)
    for (const kid of ['a', 'b']) await write(({ privateKeys }) => privateKeys.insert('signing', keyOf(kid)))
    const keep = (kid: string) => write(({ privateKeys }) => privateKeys.keep('signing', kid))
    t.strictSame([await keep('a'), await keep('a'), await keep('nobody')], [true, true, false])
    await write(async ({ privateKeys }) => {
      await privateKeys.remove('signing', 'a', 'prepared')
      await privateKeys.remove('signing', 'b', 'kept')
      await privateKeys.remove('audit', 'a', 'kept')
    })
    t.same(await read.privateKeys.list('signing'), [keyOf('a', 'kept'), keyOf('b')])
    await write(async ({ privateKeys }) => {
      await privateKeys.remove('signing', 'a', 'kept')
      await privateKeys.remove('signing', 'b', 'prepared')
    })
    t.same(await read.privateKeys.list('signing'), [])
  })

  t.test('an encryption is replaced as long as it is the one that was read, and the state stays', async t => {
    const { read, write } = await openMigrated(t, engine)
    for (const purpose of ['signing', 'audit'] as const)
      await write(({ privateKeys }) => privateKeys.insert(purpose, keyOf('a', 'kept')))
    const replace = (jwe: string, by: string) =>
      write(({ privateKeys }) => privateKeys.replace('signing', 'a', jwe, by))
    t.equal(await replace('another', 'new'), false)
    t.equal(await replace('jwe of a', 'new'), true)
    t.equal(await replace('jwe of a', 'newer'), false)
    t.same(await read.privateKeys.list('signing'), [{ ...keyOf('a', 'kept'), jwe: 'new' }])
    t.same(await read.privateKeys.list('audit'), [keyOf('a', 'kept')])
  })
}
