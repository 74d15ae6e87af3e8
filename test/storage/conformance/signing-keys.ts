import type { Test } from 'tap'
import type { SigningKey, SigningKeyState, Transition } from '../../../src/records/signing-key.ts'
import { addedRoles } from '../../support/added-roles.ts'
import { type Engine, farMs, openMigrated } from './records.ts'

const keyOf = (kid: string, state: SigningKey['state'], createdAtMs = farMs): SigningKey => ({
  kid,
  state,
  publicJwk: { kty: 'RSA', n: `n-of-${kid}`, e: 'AQAB', use: 'sig', alg: 'RS256', kid },
  createdAtMs,
  activatesAtMs: createdAtMs + 600_000,
  sinceMs: createdAtMs + 1,
  cause: 'first_key',
  rotationAskedAtMs: null,
  retiresAtMs: null,
  seenAheadAtMs: null,
})

const stepOf = (kid: string, from: SigningKeyState, to: SigningKeyState, retiresAtMs: number | null): Transition => ({
  ...{ kid, from, to, retiresAtMs },
  ...{ atMs: farMs + 5, cause: 'why' },
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

  t.test('what was asked and planned comes back, too', async t => {
    const { read, write } = await openMigrated(t, engine)
    const key = { ...keyOf('k1', 'retiring'), rotationAskedAtMs: farMs + 2, retiresAtMs: farMs + 3 }
    await write(({ signingKeys }) => signingKeys.insert(key))
    t.strictSame(await read.signingKeys.list(), [key])
  })

  t.test('a step changes the state, its time, its cause and the planned end of one key, and nothing else', async t => {
    const { read, write } = await openMigrated(t, engine)
    const [key, other] = [{ ...keyOf('k1', 'active'), rotationAskedAtMs: farMs + 2 }, keyOf('k2', 'pending', farMs + 1)]
    await write(async ({ signingKeys }) => {
      await signingKeys.insert(key)
      await signingKeys.insert(other)
    })
    t.equal(await write(({ signingKeys }) => signingKeys.step(stepOf('k1', 'active', 'retiring', farMs + 9))), true)
    const stepped = { ...key, state: 'retiring', sinceMs: farMs + 5, cause: 'why', retiresAtMs: farMs + 9 }
    t.strictSame(await read.signingKeys.list(), [stepped, other])
    t.equal(await write(({ signingKeys }) => signingKeys.step(stepOf('k1', 'retiring', 'retired', null))), true)
    t.strictSame((await read.signingKeys.list())[0], { ...stepped, state: 'retired', retiresAtMs: null })
  })

  t.test('a step begins only in the state that it names, and only once', async t => {
    const { read, write } = await openMigrated(t, engine)
    const key = keyOf('k1', 'pending')
    await write(({ signingKeys }) => signingKeys.insert(key))
    const step = (kid: string, from: SigningKeyState) =>
      write(({ signingKeys }) => signingKeys.step(stepOf(kid, from, 'revoked', null)))
    for (const from of ['active', 'retiring', 'retired', 'revoked'] as const)
      t.equal(await step('k1', from), false, from)
    t.equal(await step('k2', 'pending'), false, 'a key that does not exist')
    t.strictSame(await read.signingKeys.list(), [key])
    const both = await Promise.all([step('k1', 'pending'), step('k1', 'pending')])
    t.strictSame(both.toSorted(), [false, true], 'whichever came first')
  })

  for (const state of ['active', 'pending'] as const) {
    t.test(`a step to a second ${state} key fails as a whole, and undoes what was done with it`, async t => {
      const { read, write } = await openMigrated(t, engine)
      const keys = [keyOf('k1', state), keyOf('k2', 'retiring')]
      for (const key of keys) await write(({ signingKeys }) => signingKeys.insert(key))
      const work = write(async ({ signingKeys, roles }) => {
        await roles.insert({ name: 'beside', permissions: ['a:b'] })
        await signingKeys.step(stepOf('k2', 'retiring', state, null))
      })
      await t.rejects(work)
      t.strictSame(await read.signingKeys.list(), keys)
      t.strictSame(addedRoles(await read.roles.list()), [])
    })
  }

  t.test(
    'that times of a key lie ahead is remembered of it alone, until it is taken back or the key moves on',
    async t => {
      const { read, write } = await openMigrated(t, engine)
      const [key, other] = [keyOf('k1', 'pending'), keyOf('k2', 'active', farMs + 1)]
      await write(async ({ signingKeys }) => {
        await signingKeys.insert(key)
        await signingKeys.insert(other)
      })
      const note = (atMs: number | null) => write(({ signingKeys }) => signingKeys.noteAhead('k1', atMs))
      const noted = async () => (await read.signingKeys.list()).map(({ seenAheadAtMs }) => seenAheadAtMs)
      await note(farMs - 7)
      t.strictSame(await read.signingKeys.list(), [{ ...key, seenAheadAtMs: farMs - 7 }, other])
      await note(null)
      t.strictSame(await read.signingKeys.list(), [key, other])
      await note(farMs - 5)
      await write(({ signingKeys }) => signingKeys.step(stepOf('k1', 'pending', 'revoked', null)))
      t.strictSame(await noted(), [null, null])
    },
  )

  t.test('a rotation is asked of a pending key only, and changes nothing else of it', async t => {
    const { read, write } = await openMigrated(t, engine)
    const states = ['pending', 'active', 'retiring', 'retired', 'revoked'] as const
    const keys = states.map((state, number) => keyOf(state, state, farMs + number))
    for (const key of keys) await write(({ signingKeys }) => signingKeys.insert(key))
    const ask = (kid: string, atMs: number) => write(({ signingKeys }) => signingKeys.askRotation(kid, atMs))
    for (const state of states) t.equal(await ask(state, farMs + 7), state === 'pending', state)
    t.equal(await ask('nobody', farMs + 7), false)
    const [pending, ...others] = keys
    t.strictSame(await read.signingKeys.list(), [{ ...pending, rotationAskedAtMs: farMs + 7 }, ...others])
  })
}
