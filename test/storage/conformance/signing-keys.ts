import type { Test } from 'tap'
import type { SigningKey } from '../../../src/keys/stores.ts'
import { type Engine, farMs, openMigrated } from './records.ts'

const keyOf = (kid: string, state: SigningKey['state'], createdAtMs = farMs): SigningKey => ({
  kid,
  state,
  publicJwk: { kty: 'RSA', n: `n-of-${kid}`, e: 'AQAB', use: 'sig', alg: 'RS256', kid },
  createdAtMs,
  activatesAtMs: createdAtMs + 600_000,
})

export function signingKeyChecks(t: Test, engine: Engine): void {
  t.test('a signing key comes back with every field as it was stored', async t => {
    const { read, write } = await openMigrated(t, engine)
    const key = keyOf('k1', 'active')
    t.equal(await write(({ signingKeys }) => signingKeys.insert(key)), true)
    t.strictSame(await read.signingKeys.list(), [key])
  })

  t.test('signing keys are listed by age, and those of one moment by kid', async t => {
    const { read, write } = await openMigrated(t, engine)
    const keys = [
      keyOf('z', 'retired', farMs - 1),
      keyOf('a', 'active'),
      keyOf('b', 'pending'),
      keyOf('A', 'retiring', farMs + 1),
    ]
    for (const key of keys.toReversed()) await write(({ signingKeys }) => signingKeys.insert(key))
    t.strictSame(await read.signingKeys.list(), keys)
  })

  for (const state of ['active', 'pending'] as const) {
    t.test(`there is one ${state} key, and the second one is refused without a trace`, async t => {
      const { read, write } = await openMigrated(t, engine)
      t.equal(await write(({ signingKeys }) => signingKeys.insert(keyOf('first', state))), true)
      t.equal(await write(({ signingKeys }) => signingKeys.insert(keyOf('second', state))), false)
      t.strictSame(await read.signingKeys.list(), [keyOf('first', state)])
    })
  }

  t.test('any number of keys are retiring, retired or revoked', async t => {
    const { read, write } = await openMigrated(t, engine)
    for (const state of ['retiring', 'retired', 'revoked'] as const) {
      for (const number of [1, 2]) {
        t.equal(await write(({ signingKeys }) => signingKeys.insert(keyOf(`${state}-${number}`, state))), true)
      }
    }
    t.equal((await read.signingKeys.list()).length, 6)
  })

  t.test('a kid is stored once', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ signingKeys }) => signingKeys.insert(keyOf('k1', 'revoked')))
    t.equal(await write(({ signingKeys }) => signingKeys.insert(keyOf('k1', 'active'))), false)
    t.strictSame(await read.signingKeys.list(), [keyOf('k1', 'revoked')])
  })
}
