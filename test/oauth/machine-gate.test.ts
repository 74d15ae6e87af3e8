/** A client that owns a key and is disabled or narrowed, while the rows of the key through other clients are not reached yet. */
import t, { type Test } from 'tap'
import type { Faults } from '../../src/compose/sources.ts'
import { StorageUnavailable, type Write } from '../../src/records/unit-of-work.ts'
import { addKey, addMachine, exchange } from '../support/asking-machines.ts'
import { testClock } from '../support/clock.ts'
import { createHold, during } from '../support/hold.ts'
import { type Answer, byTest, type Service, serve } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

/** No cascade goes on: as if whoever began it had died, and nobody had noticed yet. */
const withoutCascades = (inner: Write): Write => {
  const refuse = () => Promise.reject(new StorageUnavailable('Cut short.'))
  return (work, size) => inner(stores => work({ ...stores, cascades: { ...stores.cascades, lock: refuse } }), size)
}

/** Requests that go on from a row, and how long after the first one they come. */
const changes = { 'a token that the row covers': 0, 'a token for which the row is written': 301_000 }

const acts: Readonly<Record<string, (service: Service) => Promise<unknown>>> = {
  'is disabled': ({ clients }) => clients.setStatus('owner', 'disabled', byTest),
  'is deleted': ({ clients }) => clients.setStatus('owner', 'deleted', byTest),
  'is narrowed': ({ clients }) => clients.update('owner', { scope: ['posts:read'] }, byTest),
}

async function stage(t: Test) {
  const signing = createHold()
  const signer: Faults['signer'] = ({ kid, sign }) => ({ kid, sign: input => signing.pass(() => sign(input)) })
  const clock = testClock()
  const service = await serve(t, { clock, faults: { signer, write: withoutCascades } })
  for (const clientId of ['owner', 'gateway']) await addMachine(service, clientId)
  const { text } = await addKey(service, { clientId: 'owner' })
  return { clock, service, signing, ask: () => exchange(service, text, 'gateway') }
}

/** Not in which words: nothing, or no more than is left. */
const isRight = ({ status, body }: Answer, isNarrowed: boolean): boolean =>
  isNarrowed ? status === 200 && body.scope === 'posts:read' : status === 400

for (const [what, laterMs] of Object.entries(changes))
  for (const [name, act] of Object.entries(acts))
    t.test(`when the owner ${name}, nothing more is given to its key: ${what}`, async t => {
      const { ask, clock, service, signing } = await stage(t)
      t.equal((await ask()).body.scope, 'posts:read posts:write')
      clock.advance(laterMs)
      const cutShort = () => t.rejects(act(service), { name: 'StorageUnavailable' })
      const isNarrowed = name === 'is narrowed'
      t.ok(isRight(await during(signing, ask, cutShort), isNarrowed), 'one that was being signed')
      t.ok(isRight(await ask(), isNarrowed), 'and one that comes afterwards')
      t.equal(select(service.databaseFile, 'select * from cascades').length, 1, 'the row will be reached')
      t.match(select(service.databaseFile, 'select ended_at_ms from sessions'), [{ ended_at_ms: null }])
    })
