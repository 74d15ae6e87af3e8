/** Accepting a restore takes several steps. Wherever it is cut short, nothing is served before it was done to its end. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createContainer } from '../../src/compose/container.ts'
import type { Faults } from '../../src/compose/sources.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { CredentialChoice } from '../../src/maintenance/accept-restore.ts'
import { giveSecrets, putBack, refusal, toRestore, worksAt } from '../support/restore.ts'
import { byTest, environmentOf, type Service, secret, temporaryFolder } from '../support/serve.ts'
import { filesNeeded, keyFilesIn, keyIn } from '../support/signing-keys.ts'
import { select } from '../support/sqlite.ts'
import { type Device, device, restarted } from '../support/status-list.ts'

/** What is written to the database and to the key directory, in order; from the step `at` on, the process is gone. */
function gone(at: number, when: 'before' | 'after') {
  const steps: string[] = []
  async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const number = steps.push(name)
    if (number > at || (number === at && when === 'before')) throw new Error('gone')
    const result = await work()
    if (number === at) throw new Error('gone')
    return result
  }
  const faults: Faults = {
    write: write => work => step('write', () => write(work)),
    privateKeys: files => ({
      ...files,
      prepare: (...values) => step('prepare', () => files.prepare(...values)),
      commit: (...values) => step('commit', () => files.commit(...values)),
      remove: (...values) => step('remove', () => files.remove(...values)),
    }),
    epochFile: file => ({ ...file, write: (...values) => step('write epoch', () => file.write(...values)) }),
  }
  return { steps, faults }
}

async function accept(t: Test, folder: string, choice: CredentialChoice, faults: Faults): Promise<void> {
  const container = createContainer(readConfig(await environmentOf(folder)), {
    faults,
    logTo: { write: () => undefined },
  })
  t.teardown(() => container.close())
  try {
    await (await container.doctor()).acceptRestore(choice, byTest)
  } finally {
    await container.close()
  }
}

/** A stopped service whose backup was put back, with a device that signed in before. */
async function putBackBefore(t: Test) {
  const { service, json, file } = await toRestore(t)
  // Of a person, a client, and more than one write revokes.
  await json(['api-keys', 'create', '--user', 'alice', '--name', 'script', '--scope', 'posts:read'])
  giveSecrets(service, 'resource', 70)
  const before = await device(service)
  await json(['backup', file])
  await service.stop()
  putBack(file, service)

  /** The same once more, in a folder of its own. */
  function copy(): Service {
    const folder = temporaryFolder(t)
    cpSync(service.folder, folder, { recursive: true })
    return { ...service, folder, databaseFile: join(folder, 'db', 'signet.sqlite') }
  }
  return { before, copy }
}

/** It serves, with one key that signs and one that stands by, and what was given out before is of no use. */
async function servesAnew(
  t: Test,
  where: Service,
  before: Device,
  choice: CredentialChoice,
  title: string,
): Promise<void> {
  const left = select(where.databaseFile, 'select id from credentials where revoked_at_ms is null')
  t.equal(left.length, choice === 'drop' ? 0 : 73, title)
  const again = await restarted(t, where, {})
  if (choice === 'drop')
    for (const clientId of ['web-app', 'resource'])
      await again.clients.addSecret(clientId, { name: undefined, secret, ttlSeconds: undefined }, byTest)
  t.strictSame(await worksAt(again, before), [], title)
  t.equal((await worksAt(again, await device(again))).length, 4, title)
  t.ok(keyIn(again, 'active').kid !== keyIn(again, 'pending').kid, title)
  t.strictSame(keyFilesIn(again), filesNeeded(again), `${title}: no file is left over`)
  await again.stop()
}

/** Cuts it short before and after each step. */
async function cutShortEverywhere(t: Test, choice: CredentialChoice): Promise<string[]> {
  const { before, copy } = await putBackBefore(t)
  const whole = gone(Number.POSITIVE_INFINITY, 'before')
  await accept(t, copy().folder, choice, whole.faults)
  const { steps } = whole
  t.strictSame(new Set(steps), new Set(['write', 'prepare', 'commit', 'remove', 'write epoch']))
  t.equal(steps.at(-1), 'write', 'the last step makes it the original')

  for (const [index, name] of steps.entries())
    for (const when of ['before', 'after'] as const) {
      const title = `gone ${when} step ${index + 1}, ${name}`
      const where = copy()
      await t.rejects(accept(t, where.folder, choice, gone(index + 1, when).faults), { message: 'gone' }, title)
      const isDone = index + 1 === steps.length && when === 'after'
      if (!isDone) {
        t.match(await refusal(t, where), /Nothing is served/, title)
        await accept(t, where.folder, choice, {})
      }
      await servesAnew(t, where, before, choice, title)
    }
  return steps
}

t.test('wherever accepting is cut short, the service refuses until it is accepted again, and then works', async t => {
  await cutShortEverywhere(t, 'keep')
})

t.test('the same where all credentials go: none is left, in whichever write it was cut short', async t => {
  const steps = await cutShortEverywhere(t, 'drop')
  t.strictSame(steps.slice(-5), ['write', 'write', 'write', 'write epoch', 'write'], 'two batches, and a look for more')
})
