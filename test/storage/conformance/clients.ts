import type { Test } from 'tap'
import type { ClientStore } from '../../../src/records/client.ts'
import { clientOf, type Engine, farMs, insertClient, openMigrated, secretOf } from './records.ts'

const [first, second] = ['https://a.example.com', 'https://b.example.com']

const full = clientOf('web-app', {
  status: 'disabled',
  isPublic: true,
  grants: ['refresh_token', 'password'],
  scope: ['posts:write', '*'],
  audiences: ['https://z.example.com', 'https://a.example.com'],
  origins: [first, second],
  introspect: ['https://api.example.com'],
  accessTokenTtlSeconds: 43_200,
  grantsPerMinute: { client: 600, subject: 10 },
  mayGrant: ['reader', 'Ed"itor'],
  forwardsAddress: 'x-dovecot-auth-remote',
  secrets: [secretOf('1', { name: null }), secretOf('2', { name: 'ci “1”', expiresAtMs: farMs + 1 })],
  revision: 7,
})

export function clientChecks(t: Test, engine: Engine): void {
  t.test('a client comes back with every field as it was stored', async t => {
    const { read, write } = await openMigrated(t, engine)
    t.equal(await write(stores => insertClient(stores, full)), true)
    t.strictSame(await read.clients.find('web-app'), full)
    t.strictSame(await read.clients.list(), [full])
    const { origins: _, ...withoutOrigins } = full
    t.strictSame(await read.clients.findByClientId('web-app'), withoutOrigins)
  })

  t.test('a client that has as little as possible comes back the same', async t => {
    const { read, write } = await openMigrated(t, engine)
    const bare = clientOf('bare', { grants: [], scope: [], audiences: [] })
    await write(({ clients }) => clients.insert(bare))
    t.strictSame(await read.clients.find('bare'), bare)
    t.match(await read.clients.findByClientId('bare'), { id: 'client_bare', grants: [], secrets: [] })
    for (const other of ['BARE', 'client_bare', '']) {
      t.equal(await read.clients.find(other), undefined)
      t.equal(await read.clients.findByClientId(other), undefined)
    }
  })

  t.test('origins come back in one order, whatever the order of arrival', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ clients }) => clients.insert(clientOf('web-app', { origins: [second, first] })))
    t.strictSame((await read.clients.find('web-app'))?.origins, [first, second])
    t.strictSame((await read.clients.list())[0]?.origins, [first, second])
    t.strictSame(await read.clients.originsOf('client_web-app'), [first, second])
    t.strictSame(await read.clients.originsOf('client_other'), [])
  })

  t.test('a client_id is given once, and the first client is untouched', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(stores => insertClient(stores, full))
    const again = clientOf('web-app', { id: 'client_other', origins: ['https://other.example.com'] })
    t.equal(await write(({ clients }) => clients.insert(again)), false)
    t.strictSame(await read.clients.list(), [full])
  })

  t.test('deletion frees the client_id: the new client is found, the deleted one never again', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(stores => insertClient(stores, full))
    await write(({ clients }) => clients.setStatus('client_web-app', 'deleted'))
    t.equal(await read.clients.find('web-app'), undefined)
    t.equal(await read.clients.findByClientId('web-app'), undefined)
    t.strictSame(await read.clients.list(), [])
    const next = clientOf('web-app', { id: 'client_next', origins: [second] })
    t.equal(await write(({ clients }) => clients.insert(next)), true)
    t.strictSame(await read.clients.find('web-app'), next)
    t.equal((await read.clients.findByClientId('web-app'))?.id, 'client_next')
    t.strictSame(await read.clients.list(), [next])
  })

  t.test('clients are listed by client_id, each with its own origins', async t => {
    const { read, write } = await openMigrated(t, engine)
    const [a, b, c] = [clientOf('B', { origins: [first] }), clientOf('a-1'), clientOf('a1', { origins: [second] })]
    for (const client of [c, b, a]) await write(({ clients }) => clients.insert(client))
    t.strictSame(await read.clients.list(), [a, b, c])
  })

  t.test('of the list, those behind a client, as many as were asked for, and of one status', async t => {
    const { read, write } = await openMigrated(t, engine)
    const all = ['B', 'a-1', 'a1', 'b'].map(id => clientOf(id, { origins: [first], secrets: [secretOf(id)] }))
    await write(async stores => {
      for (const client of all) await insertClient(stores, client)
      await stores.clients.setStatus('client_a1', 'disabled')
      await stores.clients.insert(clientOf('c', { status: 'deleted' }))
    })
    const [one, two, , four] = all
    const off = await read.clients.find('a1')
    t.strictSame(await read.clients.list({ limit: 2 }), [one, two])
    t.strictSame(await read.clients.list({ afterClientId: 'a-1', limit: 2 }), [off, four])
    t.strictSame(await read.clients.list({ afterClientId: 'a-1' }), [off, four])
    t.strictSame(await read.clients.list({ status: 'active', afterClientId: 'B', limit: 9 }), [two, four])
    t.strictSame(await read.clients.list({ status: 'disabled' }), [off])
    t.strictSame(await read.clients.list({ afterClientId: 'b', limit: 1 }), [])
  })

  t.test('a role is taken out of what clients may grant, of so many at once, and raises their revision', async t => {
    const { read, write } = await openMigrated(t, engine)
    const quoted = 'a"b\\c'
    await write(async ({ clients }) => {
      await clients.insert(clientOf('one', { mayGrant: ['x', quoted, 'y'] }))
      await clients.insert(clientOf('two', { mayGrant: [quoted] }))
      await clients.insert(clientOf('other', { mayGrant: ['a', 'b', 'x'] }))
      await clients.insert(clientOf('none'))
    })
    const forget = (limit: number) => write(({ clients }) => clients.forgetRole(quoted, limit))
    t.same([await forget(1), await forget(9), await forget(9)], [1, 1, 0])
    t.strictSame(
      (await read.clients.list()).map(({ clientId, mayGrant, revision }) => [clientId, mayGrant, revision]),
      [
        ['none', [], 0],
        ['one', ['x', 'y'], 1],
        ['other', ['a', 'b', 'x'], 0],
        ['two', [], 1],
      ],
    )
  })

  t.test('an update replaces every setting and nothing else, in one client', async t => {
    const { read, write } = await openMigrated(t, engine)
    const other = clientOf('other', { origins: [first] })
    const settings = {
      grants: ['password'],
      scope: [],
      audiences: ['https://new.example.com'],
      origins: [second],
      introspect: [],
      mayGrant: ['author'],
      forwardsAddress: 'x-from',
      accessTokenTtlSeconds: null,
      grantsPerMinute: { client: 5, subject: null },
    }
    await write(async stores => {
      await insertClient(stores, full)
      await insertClient(stores, other)
      await stores.clients.update('client_web-app', settings)
    })
    t.strictSame(await read.clients.list(), [other, { ...full, ...settings, revision: 8 }])
    await write(({ clients }) => clients.update('client_web-app', { ...settings, origins: [], grantsPerMinute: null }))
    t.match(await read.clients.find('web-app'), { origins: [], grantsPerMinute: null })
  })

  t.test('the status changes for one client only', async t => {
    const { read, write } = await openMigrated(t, engine)
    const other = clientOf('other')
    await write(async stores => {
      await insertClient(stores, full)
      await insertClient(stores, other)
      await stores.clients.setStatus('client_web-app', 'active')
    })
    t.strictSame(await read.clients.list(), [other, { ...full, status: 'active', revision: 8 }])
  })

  const changes: Readonly<Record<string, (clients: ClientStore) => Promise<void>>> = {
    'other settings': clients => clients.update('client_web-app', { ...full, scope: [] }),
    'the same settings once more': clients => clients.update('client_web-app', full),
    'another status': clients => clients.setStatus('client_web-app', 'active'),
    'a change of its credentials': clients => clients.raiseRevision('client_web-app'),
  }
  for (const [what, change] of Object.entries(changes)) {
    t.test(`the revision of a client is raised, and of no other, by ${what}`, async t => {
      const { read, write } = await openMigrated(t, engine)
      await write(async stores => {
        await insertClient(stores, full)
        await insertClient(stores, clientOf('other'))
      })
      for (const revision of [8, 9]) {
        await write(({ clients }) => change(clients))
        t.strictSame(await read.clients.revisionOf('web-app'), { id: 'client_web-app', revision })
        t.equal((await read.clients.findByClientId('web-app'))?.revision, revision)
        t.equal((await read.clients.find('web-app'))?.revision, revision)
      }
      t.strictSame(await read.clients.revisionOf('other'), { id: 'client_other', revision: 0 })
    })
  }

  t.test('of many changes at once each raises the revision', async t => {
    const { read, write } = await openMigrated(t, engine)
    await write(({ clients }) => clients.insert(clientOf('web-app')))
    await Promise.all(Array.from({ length: 20 }, () => write(({ clients }) => clients.raiseRevision('client_web-app'))))
    t.equal((await read.clients.revisionOf('web-app'))?.revision, 20)
  })

  t.test('whose revision it is, is said: one that comes after a deleted one of its name is another client', async t => {
    const { read, write } = await openMigrated(t, engine)
    t.equal(await read.clients.revisionOf('web-app'), undefined)
    await write(({ clients }) => clients.insert(clientOf('web-app')))
    for (const other of ['WEB-APP', 'client_web-app', '']) t.equal(await read.clients.revisionOf(other), undefined)
    await write(({ clients }) => clients.setStatus('client_web-app', 'disabled'))
    t.strictSame(await read.clients.revisionOf('web-app'), { id: 'client_web-app', revision: 1 })
    await write(({ clients }) => clients.setStatus('client_web-app', 'deleted'))
    t.equal(await read.clients.revisionOf('web-app'), undefined)
    await write(({ clients }) => clients.insert(clientOf('web-app', { id: 'client_next' })))
    t.strictSame(await read.clients.revisionOf('web-app'), { id: 'client_next', revision: 0 })
  })

  t.test('ids are known of all clients that there were, the deleted ones, too', async t => {
    const { read, write } = await openMigrated(t, engine)
    t.strictSame(await read.clients.allIds(), [])
    await write(async ({ clients }) => {
      await clients.insert(clientOf('web-app', { id: 'client_2', status: 'deleted' }))
      await clients.insert(clientOf('web-app', { id: 'client_1', status: 'disabled' }))
      await clients.insert(clientOf('other', { id: 'client_3' }))
    })
    t.strictSame(await read.clients.allIds(), ['client_1', 'client_2', 'client_3'])
    const idsOf = async (clientId: string) => (await write(({ clients }) => clients.idsOf(clientId))).toSorted()
    t.strictSame(await idsOf('web-app'), ['client_1', 'client_2'])
    t.strictSame(await idsOf('other'), ['client_3'])
    t.strictSame(await idsOf('none'), [])
  })

  t.test('an origin is registered while at least one active client has it', async t => {
    const { read, write } = await openMigrated(t, engine)
    t.equal(await read.clients.isRegisteredOrigin(first), false)
    await write(async ({ clients }) => {
      await clients.insert(clientOf('one', { origins: [first] }))
      await clients.insert(clientOf('two', { origins: [first, second] }))
    })
    t.equal(await read.clients.isRegisteredOrigin(first), true)
    await write(({ clients }) => clients.setStatus('client_two', 'disabled'))
    t.equal(await read.clients.isRegisteredOrigin(first), true)
    t.equal(await read.clients.isRegisteredOrigin(second), false)
    await write(({ clients }) => clients.setStatus('client_one', 'deleted'))
    t.equal(await read.clients.isRegisteredOrigin(first), false)
  })
}
