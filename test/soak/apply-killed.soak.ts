/** kill -9 of `signet apply`: whenever it comes, all of the file is there or nothing, and a server ends what is to end by it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { applying, textOf } from '../support/definitions.ts'
import { folderOnDisk } from '../support/environment.ts'
import { isListed, scene } from '../support/scene.ts'
import { auditOf, select } from '../support/sqlite.ts'
import { until } from '../support/status-list.ts'
import { startTogether } from '../support/together.ts'
import { kills, random } from './settings.ts'

const timeout = 600_000

/** Definitions of so many clients that differ in every role, issuer and client, and in the trust of each. */
const definitions = (count: number, permission: string) => ({
  roles: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`role-${at}`, { permissions: [permission] }])),
  issuers: {
    builds: { issuer: 'https://issuer.example.com', max_lifetime: permission === 'a:b' ? '2h' : '3h' },
  },
  clients: Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `client-${at}`,
      {
        grants: ['client_credentials', 'password'],
        scope: [permission],
        audiences: [`https://${at}.example.com`],
        origins: [`https://o${at}.example.com`],
        may_grant: ['role-0'],
        access_token_ttl: '10m',
        keys: [{ jwks_uri: `https://${at}.example.com/keys` }],
        trusts: [{ issuer: 'builds', claims: { sub: `${at}`, scope: permission } }],
      },
    ]),
  ),
})

async function killedAt(t: Test, environment: Readonly<Record<string, string>>, writes: string, file: string) {
  const [part] = await startTogether(t, 'killed-command.ts', [{ words: [writes, 'apply', file], environment }])
  const { signal, stderr } = (await part?.ended) ?? {}
  t.same([signal, stderr], ['SIGKILL', ''], `killed at write ${writes}`)
}

t.test(
  'killed before its commit it has done nothing, after it all, and a server goes on with what ends',
  { timeout },
  async t => {
    const its = await scene(t)
    const { databaseFile, environment } = its.service
    const { exported } = applying(await commandLine(t, environment))
    const file = join(folderOnDisk(t), 'definitions.json')
    // With a new client the first write looks for deleted ones of its id; the second one is all; then come what ends, and the last look.
    for (const [writes, isDone] of Object.entries({ '1': false, '2-': false, '2': true, '3-': true, '3': true })) {
      const [narrowed, disabled, role] = [await its.parties(), await its.parties(), await its.parties()]
      const before = await exported()
      const wanted = structuredClone(before)
      wanted.clients[narrowed.clientId].scope = ['posts:read']
      wanted.clients[disabled.clientId].status = 'disabled'
      wanted.roles[role.role].permissions = ['posts:write']
      wanted.roles[`new-${writes}`] = { permissions: ['posts:read'] }
      wanted.issuers[`new-${writes}`] = { issuer: 'https://issuer.example.com' }
      wanted.clients[`new-${writes}`] = { trusts: [{ issuer: `new-${writes}`, claims: { sub: 'one' } }] }
      writeFileSync(file, textOf(wanted))
      const events = auditOf(databaseFile).length
      await killedAt(t, environment, writes, file)
      t.strictSame(await exported(), isDone ? wanted : before, `write ${writes}`)
      await until(async () => select(databaseFile, 'select id from cascades').length === 0)
      const listed = await Promise.all([narrowed, disabled, role].map(({ access }) => isListed(access)))
      t.strictSame(listed, [isDone, isDone, isDone], `write ${writes}: access tokens`)
      const { status } = await its.refresh(disabled.refreshToken, disabled)
      t.equal(status, isDone ? 401 : 200, `write ${writes}: sessions`)
      const ends = auditOf(databaseFile)
        .slice(events)
        .filter(event => event.startsWith('session.end'))
      t.equal(ends.length, isDone ? 1 : 0, `write ${writes}: nothing is done twice`)
    }
  },
)

t.test('killed at any moment it has done all or nothing', { timeout }, async t => {
  const its = await commandLine(t)
  const { exported } = applying(its)
  const folder = folderOnDisk(t)
  const start = async (file: string) => {
    const applying = { words: ['1000000', 'apply', file], environment: its.environment }
    const [part] = await startTogether(t, 'killed-command.ts', [applying])
    if (part === undefined) throw new Error('Nothing was started.')
    return part
  }
  const states: { readonly file: string; readonly text: string; readonly took: number }[] = []
  for (const permission of ['a:b', 'c:d']) {
    const file = join(folder, `${states.length}.json`)
    writeFileSync(file, textOf(definitions(200, permission)))
    const part = await start(file)
    const began = performance.now()
    t.equal((await part.ended).code, 0)
    states.push({ file, took: performance.now() - began, text: textOf(await exported()) })
  }
  const longest = states[1]?.took ?? 0
  const next = random('apply killed')
  const counts = { all: 0, nothing: 0 }
  let now = 1
  for (let round = 0; round < kills; round += 1) {
    const target = 1 - now
    const part = await start(states[target]?.file ?? '')
    // The commit is one of the last things that it does.
    await setTimeout((0.5 + next()) * longest)
    part.process.kill('SIGKILL')
    await part.ended
    const text = textOf(await exported())
    const found = states.findIndex(state => text === state.text)
    t.not(found, -1, `round ${round}: one or the other, and nothing between`)
    counts[found === target ? 'all' : 'nothing'] += 1
    now = found
  }
  t.comment(`killed ${kills} times: all ${counts.all} times, nothing ${counts.nothing} times`)
})
