/** A key-encryption key that is lost or wrong: nothing is destroyed by it, and who lost it for good goes on with new signing keys. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commandLine } from '../support/command-line.ts'
import { addAlice, environmentOf, serve } from '../support/serve.ts'
import {
  contentOf,
  examine,
  keyFilesIn,
  keyIn,
  kidsIn,
  publishedBy,
  refusedStart,
  signingKidOf,
  startedBefore,
} from '../support/signing-keys.ts'
import { everythingIn } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const underKey = { SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }
const underAnother = { SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }

interface Loss {
  readonly what: string
  readonly environment: (t: Test) => Readonly<Record<string, string>>
  readonly says: RegExp
  /** Of the keys that are made without the right one. */
  readonly extension: string
}

const losses: readonly Loss[] = [
  {
    what: 'not set',
    environment: () => ({}),
    says: /is encrypted, and SIGNET_KEY_ENCRYPTION_KEY is not set\. Set it .*If .* lost everywhere: docs\/runbooks\/encryption-key-lost\.md/,
    extension: '.pem',
  },
  {
    what: 'another one',
    environment: () => underAnother,
    says: /can't be decrypted: SIGNET_KEY_ENCRYPTION_KEY is another key .*If .* lost everywhere: docs\/runbooks\/encryption-key-lost\.md/,
    extension: '.jwe',
  },
  {
    what: 'another one, from a file',
    environment: t => {
      const { SIGNET_KEY_ENCRYPTION_KEY: value } = underAnother
      return { SIGNET_KEY_ENCRYPTION_KEY_FILE: `${t.testdir({ key: `${value}\n` })}/key` }
    },
    says: /can't be decrypted: SIGNET_KEY_ENCRYPTION_KEY is another key .*If .* lost everywhere: docs\/runbooks\/encryption-key-lost\.md/,
    extension: '.jwe',
  },
]

for (const { what, environment: make, says, extension } of losses) {
  t.test(`a key that is ${what}: serve, doctor and rotate say what to do, and destroy nothing`, async t => {
    const keys = await startedBefore(t, underKey)
    const environment = make(t)
    const message = await refusedStart(t, keys, environment)
    t.match(message, says)
    t.ok(message.startsWith(`${keys.active} `), message)
    const problems = await examine(t, keys, environment)
    t.equal(problems['active key'], message)
    t.match(problems['standby key'], says)

    const { refuses } = await commandLine(t, { ...(await environmentOf(keys.folder)), ...environment })
    const before = [contentOf(join(keys.folder, 'keys')), everythingIn(keys.databaseFile)]
    await refuses([{ words: ['keys', 'rotate'], code: 1, says }])
    t.strictSame([contentOf(join(keys.folder, 'keys')), everythingIn(keys.databaseFile)], before)

    const service = await serve(t, { folder: keys.folder, environment: underKey })
    t.strictSame(await publishedBy(service), kidsIn(keys, 'active', 'pending').sort(), 'the right key opens them again')
  })

  t.test(
    `a key that is ${what} and lost for good: keys revoke --all makes new keys, and the service starts`,
    async t => {
      const keys = await startedBefore(t, underKey)
      const old = kidsIn(keys, 'active', 'pending')
      const environment = make(t)
      const { json, text } = await commandLine(t, { ...(await environmentOf(keys.folder)), ...environment })
      t.match(await json(['keys', 'revoke', '--all', '--reason', 'key_lost']), { revoked: { length: 2 } })
      const service = await serve(t, { folder: keys.folder, environment })
      const fresh = kidsIn(keys, 'active', 'pending')
      t.strictSame(await publishedBy(service), fresh.toSorted())
      t.notOk(fresh.some(kid => old.includes(kid)))
      t.strictSame(keyFilesIn(keys), fresh.map(kid => `${kid}${extension}`).sort(), 'nothing is left of the old ones')
      t.notMatch(await text(['doctor']), 'PROBLEM')
    },
  )
}

t.test(
  'an operator with another encryption key than the service, or none, changes no key of it but by --all',
  async t => {
    const service = await serve(t, { environment: underKey })
    const environment = await environmentOf(service.folder)
    const [active, pending] = [keyIn(service, 'active').kid, keyIn(service, 'pending').kid]
    const before = contentOf(join(service.folder, 'keys'))
    for (const [theirs, says] of [
      [{ ...environment, ...underAnother }, /can't be decrypted/],
      [environment, /SIGNET_KEY_ENCRYPTION_KEY is not set/],
    ] as const) {
      const { refuses } = await commandLine(t, theirs)
      await refuses([
        { words: ['keys', 'revoke', active, '--reason', 'tidy'], code: 1, says },
        { words: ['keys', 'revoke', pending, '--reason', 'tidy'], code: 1, says },
        { words: ['keys', 'rotate'], code: 1, says },
      ])
    }
    t.strictSame(contentOf(join(service.folder, 'keys')), before)
    await service.tick()
    await addAlice(service)
    t.equal(await signingKidOf(service), active)
  },
)
