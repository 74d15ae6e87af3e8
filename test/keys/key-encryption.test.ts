/** Private keys that are encrypted at rest: who has a copy of the files has nothing. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { copyFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { CompactEncrypt, calculateJwkThumbprint, compactDecrypt, decodeProtectedHeader, exportJWK } from 'jose'
import t from 'tap'
import { testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { addAlice, byTest, environmentOf, type Service, serve, signIn } from '../support/serve.ts'
import {
  examine,
  jwksOf,
  keyFilesIn,
  keyIn,
  kidsIn,
  publishedBy,
  refusedStart,
  type StartedBefore,
  signingKidOf,
  startedBefore,
} from '../support/signing-keys.ts'
import { everythingIn } from '../support/sqlite.ts'

// Each has a service of its own.
t.jobs = 2

const key = randomBytes(32)
const underKey = { SIGNET_KEY_ENCRYPTION_KEY: key.toString('base64') }
const underAnother = { SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }

t.test('each key is a compact JWE, dir with A256GCM, that the configured key alone opens', async t => {
  const service = await serve(t, { environment: underKey })
  await addAlice(service)
  const kids = kidsIn(service, 'active', 'pending')
  t.strictSame(keyFilesIn(service), kids.map(kid => `${kid}.jwe`).sort())
  const ivs = new Set<string | undefined>()
  for (const kid of kids) {
    const jwe = readFileSync(join(service.folder, 'keys', `${kid}.jwe`), 'utf8')
    const { kid: encryptionKid, ...header } = decodeProtectedHeader(jwe)
    t.strictSame(header, { alg: 'dir', enc: 'A256GCM', purpose: 'signing', of: kid })
    t.match(encryptionKid, /^[\w-]{16}$/, 'it names the key-encryption key')
    ivs.add(jwe.split('.')[2])
    const { plaintext } = await compactDecrypt(jwe, key)
    const half = createPublicKey(createPrivateKey(Buffer.from(plaintext)))
    t.equal(await calculateJwkThumbprint(await exportJWK(half)), kid)
  }
  t.equal(ivs.size, 2, 'no initialization vector is used twice')
  t.equal(await signingKidOf(service), keyIn(service, 'active').kid)
})

t.test('the key may come from a file and in base64url: it is the same key, and the same JWKS', async t => {
  const { folder } = await startedBefore(t, underKey)
  const published: string[] = []
  for (const environment of [
    { SIGNET_KEY_ENCRYPTION_KEY_FILE: `${t.testdir({ key: `${underKey.SIGNET_KEY_ENCRYPTION_KEY}\n` })}/key` },
    { SIGNET_KEY_ENCRYPTION_KEY: key.toString('base64url') },
  ]) {
    const service = await serve(t, { folder, environment })
    published.push((await jwksOf(service)).text)
    await service.stop()
  }
  t.equal(published[0], published[1])
})

const plainKeys = async (service: Service) => {
  const findings = await (await service.container.doctor()).examine()
  return findings.find(({ check }) => check === 'key encryption')?.problem
}

t.test('keys in the clear from before still work, doctor tells of them, and each rotation replaces one', async t => {
  const { folder, databaseFile } = await startedBefore(t)
  const kids = kidsIn({ databaseFile }, 'active', 'pending')
  const problems = await examine(t, { folder, databaseFile }, underKey)
  t.strictSame(Object.keys(problems), ['key encryption'])
  t.match(
    problems['key encryption'],
    /^3 private keys are not encrypted: .*before SIGNET_KEY_ENCRYPTION_KEY was set\. Run: signet keys rewrap$/,
  )

  const clock = testClock()
  const service = await serve(t, { folder, clock, environment: underKey })
  t.strictSame(await publishedBy(service), kids.toSorted())
  t.strictSame(keyFilesIn({ folder }), kids.map(kid => `${kid}.pem`).sort(), 'they are as they were')
  for (const left of [1, 0]) {
    clock.advance(service.config.keyPublishLeadSeconds * 1000)
    await (await service.container.keyLifecycle()).rotate(byTest)
    const names = keyFilesIn({ folder })
    t.equal(names.filter(name => name.endsWith('.pem')).length, left)
    t.equal(names.length, 2)
    t.match(await plainKeys(service), left === 0 ? /^1 private keys are not/ : /^2 /)
  }
})

/** The parts of a compact JWE: header, key (empty with dir), initialization vector, ciphertext and tag. */
const parts = ['header', 'encrypted key', 'initialization vector', 'ciphertext', 'tag']

/** Another letter in the middle: not at the end, where some bits mean nothing. */
const spoil = (text: string) => {
  const middle = text.length >> 1
  return `${text.slice(0, middle)}${text[middle] === 'A' ? 'B' : 'A'}${text.slice(middle + 1)}`
}

const tampered: readonly (readonly [string, (keys: StartedBefore) => unknown, RegExp])[] = [
  ...parts.map(
    (part, number) =>
      [
        `its ${part} was changed`,
        ({ active }: StartedBefore) => {
          const jwe = readFileSync(active, 'utf8').split('.')
          writeFileSync(active, jwe.with(number, spoil(jwe[number] ?? '')).join('.'))
        },
        /can't be decrypted: .*it is damaged/,
      ] as const,
  ),
  ['it was truncated', ({ active }) => truncateSync(active, 900), /can't be decrypted: .*it is damaged/],
  ['it was emptied', ({ active }) => truncateSync(active, 0), /can't be decrypted: .*it is damaged/],
  [
    'it is in the clear',
    ({ active }) => writeFileSync(active, '-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n'),
    /can't be decrypted: .*it is damaged/,
  ],
  [
    'it was encrypted in another way',
    async ({ active }) => {
      const { plaintext } = await compactDecrypt(readFileSync(active, 'utf8'), key)
      const jwe = new CompactEncrypt(plaintext).setProtectedHeader({ alg: 'A256GCMKW', enc: 'A256GCM' })
      writeFileSync(active, await jwe.encrypt(key))
    },
    /can't be decrypted: .*it is damaged/,
  ],
  [
    'it is the file of another key',
    ({ active, pending }) => copyFileSync(pending, active),
    /holds the private half of another key/,
  ],
  [
    'it has the name of a key in the clear',
    ({ active }) => renameSync(active, active.replace('.jwe', '.pem')),
    /is damaged: it holds no private key/,
  ],
]

for (const [what, tamper, says] of tampered) {
  t.test(`an encrypted key is refused when ${what}, by serve and doctor, and nothing is changed`, async t => {
    const keys = await startedBefore(t, underKey)
    await tamper(keys)
    const message = await refusedStart(t, keys, underKey)
    t.match(message, says)
    t.ok(message.includes(keyIn(keys, 'active').kid), message)
    t.equal((await examine(t, keys, underKey))['active key'], message)
  })
}

t.test('neither key is in log, database, answers or errors, whatever goes wrong', async t => {
  const service = await serve(t, { environment: { ...underKey, SIGNET_LOG_LEVEL: 'trace' } })
  await addAlice(service)
  await signIn(service)
  await service.tick()
  await service.stop()
  const { folder, databaseFile, log } = service
  const [active, pending] = (['active', 'pending'] as const).map(state => {
    const { kid } = keyIn(service, state)
    return { kid, file: join(folder, 'keys', `${kid}.jwe`) }
  })
  if (active === undefined || pending === undefined) throw new Error('there are no two keys')
  const pem = Buffer.from((await compactDecrypt(readFileSync(active.file, 'utf8'), key)).plaintext).toString()

  const said = [log(), JSON.stringify(everythingIn(databaseFile))]
  const wrong = await serve(t, { folder, environment: underAnother }).catch(thrown => thrown)
  writeFileSync(active.file, 'damaged')
  const damaged = await serve(t, { folder, environment: underKey }).catch(thrown => thrown)
  said.push(...[wrong, damaged].map(error => inspect(error, { depth: 9, showHidden: true })))
  const { run } = await commandLine(t, { ...(await environmentOf(folder)), ...underKey })
  for (const words of [['serve'], ['doctor'], ['keys', 'list'], ['keys', 'rotate']]) {
    const { stdout, stderr } = await run(words)
    said.push(stdout, stderr)
  }

  const all = said.join('\n')
  t.match(all, active.kid, 'there is something to look through')
  t.match(all, /can't be decrypted/)
  const another = Buffer.from(underAnother.SIGNET_KEY_ENCRYPTION_KEY, 'base64')
  for (const [name, secret] of Object.entries({ key, another })) {
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      t.notOk(all.includes(secret.toString(encoding).slice(0, 40)), `${name} in ${encoding}`)
    t.notOk(all.includes([...secret.subarray(0, 8)].join(',')), `${name} byte by byte`)
    const hexDump = secret.toString('hex').match(/../g)?.slice(0, 8).join(' ') ?? ''
    t.notOk(all.includes(hexDump), `${name} as a buffer is shown`)
  }
  for (const line of pem.split('\n').filter(text => text.length === 64)) t.notOk(all.includes(line), 'the private key')
})
