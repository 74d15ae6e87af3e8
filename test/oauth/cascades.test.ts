/** What becomes of the tokens that exist when something changes: the table of docs/accounts.md. */

import t from 'tap'
import type { ClientSettings } from '../../src/records/client.ts'
import { addClient } from '../support/clients.ts'
import { badToken, ended, good, type Parties, scene, tokensOf } from '../support/scene.ts'
import { api, byTest, claimsOf, password, secret } from '../support/serve.ts'
import { auditedBy } from '../support/sqlite.ts'
import { statusIn, storedRevocations } from '../support/status-list.ts'

const its = await scene(t)
const { users, roles, clients, databaseFile, issuer } = its.service
const reader = ['posts:read']
const editor = ['posts:read', 'posts:write']

interface Ending {
  readonly act: (who: Parties) => Promise<unknown>
  /** Makes it possible to sign in again. */
  readonly undo: (who: Parties) => Promise<unknown>
  readonly reason: string
  /** What a refresh is refused with before `undo`. */
  readonly refusal: 'invalid_grant' | 'invalid_client'
}

const addAgain = ({ clientId }: Parties) => addClient(its.service, { clientId, audiences: [issuer] })

const endings: Readonly<Record<string, Ending>> = {
  'the user is disabled, also after it is enabled again': {
    act: ({ username }) => users.setStatus(username, 'disabled', byTest),
    undo: ({ username }) => users.setStatus(username, 'active', byTest),
    reason: 'user_disabled',
    refusal: 'invalid_grant',
  },
  'the user is deleted, also after the name is given to somebody else': {
    act: ({ username }) => users.setStatus(username, 'deleted', byTest),
    undo: ({ username, role }) => users.add({ username, password, roles: [role], reusesName: true }, byTest),
    reason: 'user_deleted',
    refusal: 'invalid_grant',
  },
  'the password is changed, also after it is changed back': {
    act: ({ username }) => users.setPassword(username, 'another battery staple 8', byTest),
    undo: ({ username }) => users.setPassword(username, password, byTest),
    reason: 'password_changed',
    refusal: 'invalid_grant',
  },
  'the client is disabled, also after it is enabled again': {
    act: ({ clientId }) => clients.setStatus(clientId, 'disabled', byTest),
    undo: ({ clientId }) => clients.setStatus(clientId, 'active', byTest),
    reason: 'client_disabled',
    refusal: 'invalid_client',
  },
  'the client is deleted, also after it is added again': {
    act: ({ clientId }) => clients.setStatus(clientId, 'deleted', byTest),
    undo: addAgain,
    reason: 'client_deleted',
    refusal: 'invalid_client',
  },
  'the client is disabled and then deleted, also after it is added again': {
    act: async ({ clientId }) => {
      await clients.setStatus(clientId, 'disabled', byTest)
      await clients.setStatus(clientId, 'deleted', byTest)
    },
    undo: addAgain,
    reason: 'client_disabled',
    refusal: 'invalid_client',
  },
}

t.test('sessions end with their access tokens for good when', async t => {
  for (const [name, { act, undo, reason, refusal }] of Object.entries(endings)) {
    await t.test(name, async t => {
      const [who, bystander] = [await its.parties(), await its.parties()]
      const before = [who, await its.refreshed(who, who), await its.device(who)]
      const audited = await auditedBy(its.service, () => act(who))
      t.same(
        audited.filter(event => event.startsWith('session.end')),
        [`session.end success ${reason}`],
      )
      for (const tokens of before) {
        t.same(await its.verdictOn(tokens), ended)
        t.equal((await its.refresh(tokens.refreshToken, who)).body.error, refusal)
      }
      await undo(who)
      for (const tokens of before) {
        t.same(await its.verdictOn(tokens), ended)
        t.equal((await its.refresh(tokens.refreshToken, who)).text, badToken)
      }
      t.same(await its.verdictOn(await its.device(who)), good, 'a new sign-in works')
      t.same(await its.verdictOn(await its.refreshed(bystander, bystander)), good, 'nobody else is concerned')
    })
  }
})

t.test('what happens to a user concerns every client, and what happens to a client concerns every user', async t => {
  const [one, two] = [await its.parties(), await its.parties()]
  const crossed = await its.device({ username: one.username, clientId: two.clientId })
  await users.setStatus(one.username, 'disabled', byTest)
  for (const tokens of [one, crossed]) t.same(await its.verdictOn(tokens), ended)
  t.same(await its.verdictOn(two), good)
  await clients.setStatus(two.clientId, 'disabled', byTest)
  t.same(await its.verdictOn(two), ended)
  t.same(await its.verdictOn(await its.device()), good)
})

t.test('a secret that is removed is refused, and ends no session: another secret of the client goes on', async t => {
  const who = await its.parties()
  const { clientId } = who
  const [{ id = '' } = {}] = (await clients.find(clientId)).secrets
  await clients.addSecret(clientId, { name: undefined, secret: `${secret}-2`, ttlSeconds: undefined }, byTest)
  await clients.removeSecret(clientId, id, byTest)
  t.equal((await its.refresh(who.refreshToken, who)).body.error, 'invalid_client')
  t.same(await its.verdictOn(who), good)
  const form = { grant_type: 'refresh_token', refresh_token: who.refreshToken }
  const tokens = tokensOf(await its.service.token(form, { client: [clientId, `${secret}-2`] }))
  t.same(await its.verdictOn(tokens), good)
  t.same(statusIn(tokens.access), statusIn(who.access))
})

interface Loss {
  readonly act: (who: Parties) => Promise<unknown>
  readonly undo: (who: Parties) => Promise<unknown>
  /** What the next refresh gives. */
  readonly left: { readonly scope: string | undefined; readonly roles: readonly string[] }
}

const nothing = { scope: undefined, roles: [] }
const losses: Readonly<Record<string, Loss>> = {
  'a role is taken from a user': {
    act: ({ role, username }) => roles.revoke(role, username, byTest),
    undo: ({ role, username }) => roles.grant(role, username, byTest),
    left: nothing,
  },
  'a role is deleted': {
    act: ({ role }) => roles.delete(role, byTest),
    undo: async ({ role, username }) => {
      await roles.add({ name: role, permissions: editor }, byTest)
      await roles.grant(role, username, byTest)
    },
    left: nothing,
  },
  'a permission is taken from a role': {
    act: ({ role: name }) => roles.update({ name, permissions: reader }, byTest),
    undo: ({ role: name }) => roles.update({ name, permissions: editor }, byTest),
    left: { scope: 'posts:read', roles: ['its'] },
  },
  'a permission of a role is replaced by another': {
    act: ({ role: name }) => roles.update({ name, permissions: ['posts:read', 'posts:delete'] }, byTest),
    undo: ({ role: name }) => roles.update({ name, permissions: editor }, byTest),
    left: { scope: 'posts:read', roles: [] },
  },
}

const fromClient = (less: Partial<ClientSettings>, left: Loss['left']): Loss => ({
  act: ({ clientId }) => clients.update(clientId, less, byTest),
  undo: ({ clientId }) => clients.update(clientId, all, byTest),
  left,
})
const all = { grants: ['password', 'refresh_token'], scope: editor, audiences: [issuer, api] } as const
const everything = { scope: 'posts:read posts:write', roles: ['its'] }
const lossesOfClients: Readonly<Record<string, Loss>> = {
  'a scope is taken from a client': fromClient({ scope: reader }, { scope: 'posts:read', roles: [] }),
  'another scope takes the place of one': fromClient(
    { scope: ['posts:read', 'a:b'] },
    { scope: 'posts:read', roles: [] },
  ),
  'an audience is taken from a client': fromClient({ audiences: [issuer] }, everything),
  'a grant is taken from a client': fromClient({ grants: ['refresh_token'] }, everything),
}

t.test('access tokens end, and the sessions go on with what is left, when', async t => {
  for (const [name, { act, undo, left }] of Object.entries({ ...losses, ...lossesOfClients })) {
    await t.test(name, async t => {
      const [who, bystander] = [await its.parties(), await its.parties()]
      const other = await its.device(who)
      await act(who)
      for (const tokens of [who, other]) t.same(await its.verdictOn(tokens), ended)
      t.same(await its.verdictOn(bystander), good, 'nobody else is concerned')
      const next = await its.refreshed(who, who)
      t.equal(next.sid, who.sid)
      const { scope, roles: given } = claimsOf(next.access)
      const expected = left.roles.map(() => who.role)
      t.same({ scope, roles: given }, { scope: left.scope, roles: expected })
      t.same(await its.verdictOn(next), good)

      await undo(who)
      for (const tokens of [who, other]) t.same(await its.verdictOn(tokens), ended, 'what has ended stays so')
      const again = claimsOf((await its.refreshed(next, who)).access)
      t.same([again.scope, again.roles], ['posts:read posts:write', [who.role]])
    })
  }
})

t.test('nothing ends when', async t => {
  const gains: Readonly<Record<string, (who: Parties) => Promise<unknown>>> = {
    'a permission is added to a role': ({ role: name }) =>
      roles.update({ name, permissions: [...editor, 'posts:delete'] }, byTest),
    'a role is given to a user': ({ username }) => roles.grant('editor', username, byTest),
    'a role is taken that the user does not have': ({ username }) => roles.revoke('editor', username, byTest),
    'the client gets another secret': ({ clientId }) =>
      clients.addSecret(clientId, { name: undefined, secret: undefined, ttlSeconds: undefined }, byTest),
    'the client may have more': ({ clientId }) =>
      clients.update(
        clientId,
        { scope: ['posts:read', 'posts:write', '*'], audiences: [issuer, api, 'https://more.example'] },
        byTest,
      ),
    'tokens of the client live longer, and another page may use it': ({ clientId }) =>
      clients.update(clientId, { accessTokenTtlSeconds: 900, origins: ['https://page.example'] }, byTest),
    'the client is enabled that is enabled': ({ clientId }) => clients.setStatus(clientId, 'active', byTest),
    'the user is enabled that is enabled': ({ username }) => users.setStatus(username, 'active', byTest),
  }
  for (const [name, act] of Object.entries(gains)) {
    const who = await its.parties()
    const before = storedRevocations(databaseFile)
    await act(who)
    t.same(storedRevocations(databaseFile), before, `${name}: no revocation`)
    t.same(await its.verdictOn(who), good, name)
    t.same(statusIn((await its.refreshed(who, who)).access), statusIn(who.access), `${name}: the index stays`)
  }
})
