/**
 * A key that can't be used, whatever it is: the service does not start and says which file and what to do; `signet doctor` says the
 * same. Neither changes anything: what is left is what the operator has to mend it with.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandLine } from '../support/command-line.ts'
import { environmentOf, serve } from '../support/serve.ts'
import { examine, refusedStart, type StartedBefore, startedBefore } from '../support/signing-keys.ts'
import { unwrapped } from '../support/unwrapped.ts'

// Each has a service of its own.
t.jobs = 2

const write = (file: string, key: KeyObject) => writeFileSync(file, key.export({ format: 'pem', type: 'pkcs8' }))

/** The modulus is made even: no such key can sign. */
function spoilModulus(file: string): void {
  const [head = '', ...rest] = readFileSync(file, 'utf8').trim().split('\n')
  const der = Buffer.from(rest.slice(0, -1).join(''), 'base64')
  // The last byte of the modulus stands before the public exponent, 65537.
  const last = der.indexOf(Buffer.from([2, 3, 1, 0, 1])) - 1
  der.writeUInt8(der.readUInt8(last) & 0xfe, last)
  writeFileSync(file, `${head}\n${der.toString('base64')}\n${rest.at(-1)}\n`)
}

interface Damage {
  readonly what: string
  /** To the file of a key. */
  readonly damage: (file: string, keys: StartedBefore) => void
  readonly says: RegExp
}

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength })

const isDamaged = /is damaged: it holds no private key\. Restore it from a backup/
const isOpen = /is open to other users\. .*run: chmod 600/
const doesNotFit = /does not fit its published half\. Restore it from a backup/

const damages: readonly Damage[] = [
  { what: 'missing', damage: file => rmSync(file), says: /is missing\. .*estore it from a backup/ },
  { what: 'empty', damage: file => truncateSync(file, 0), says: isDamaged },
  { what: 'truncated', damage: file => truncateSync(file, 900), says: isDamaged },
  {
    what: 'a public key',
    damage: file => writeFileSync(file, rsa(2048).publicKey.export({ format: 'pem', type: 'spki' })),
    says: isDamaged,
  },
  { what: 'readable for the group', damage: file => chmodSync(file, 0o640), says: isOpen },
  { what: 'readable for all', damage: file => chmodSync(file, 0o604), says: isOpen },
  {
    what: 'a symbolic link to the key',
    damage: file => {
      renameSync(file, `${file}.elsewhere`)
      symlinkSync(`${file}.elsewhere`, file)
    },
    says: /is a symbolic link\. Put the key itself in its place/,
  },
  {
    what: 'the key of another kid',
    damage: (file, { active, pending }) => copyFileSync(file === active ? pending : active, file),
    says: doesNotFit,
  },
  {
    what: 'an EC key',
    damage: file => write(file, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    says: doesNotFit,
  },
  {
    what: 'an Ed25519 key',
    damage: file => write(file, generateKeyPairSync('ed25519').privateKey),
    says: doesNotFit,
  },
  {
    what: 'an RSA-PSS key',
    damage: file => write(file, generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
    says: doesNotFit,
  },
  { what: 'an RSA key of 1024 bits', damage: file => write(file, rsa(1024).privateKey), says: doesNotFit },
  { what: 'a key that is damaged inside', damage: spoilModulus, says: doesNotFit },
]

for (const { what, damage, says } of damages) {
  t.test(`an active key whose file is ${what}: neither serve nor doctor takes it, and nothing is changed`, async t => {
    const keys = await startedBefore(t)
    damage(keys.active, keys)
    const message = await refusedStart(t, keys)
    t.match(message, says)
    t.ok(message.includes(keys.active), message)
    t.strictSame(await examine(t, keys), { 'active key': message })
  })

  t.test(`a standby key whose file is ${what}: doctor says so before it is needed, and serve warns`, async t => {
    const keys = await startedBefore(t)
    damage(keys.pending, keys)
    const { 'standby key': problem = '', ...others } = await examine(t, keys)
    t.match(problem, says)
    t.ok(problem.includes(keys.pending), problem)
    t.strictSame(others, {})
    const service = await serve(t, { folder: keys.folder })
    const warnings = service.log().match(/^.*the standby signing key is of no use.*$/gm) ?? []
    t.match(
      warnings.map(line => JSON.parse(line)),
      [{ level: 'warn', err: { message: problem } }],
    )
    t.equal((await service.get('/.well-known/jwks.json')).status, 200, 'which does not wait for it')
  })
}

for (const mode of [0o707, 0o770, 0o777, 0o1777]) {
  const octal = mode.toString(8)
  t.test(`a key directory of mode ${octal}: neither serve nor doctor uses it, and nothing is changed`, async t => {
    const keys = await startedBefore(t)
    const directory = join(keys.folder, 'keys')
    chmodSync(directory, mode)
    const message = await refusedStart(t, keys)
    t.match(message, / can be written to by other users\. Run: chmod g?o-w /)
    t.ok(message.startsWith(`${directory} `), message)
    const problems = await examine(t, keys)
    t.equal(problems['key directory'], message)
    t.equal(problems['active key'], message, 'nothing in it is taken for good')
  })
}

t.test('serve as a program ends with 1 and says in one line which key file is wrong and what to do', async t => {
  const { folder, active } = await startedBefore(t)
  chmodSync(active, 0o604)
  const { run } = await commandLine(t, await environmentOf(folder))
  const { code, stdout, stderr } = await run(['serve'])
  t.strictSame([code, stdout], [1, ''])
  t.equal(stderr, `${active} is open to other users. If nobody copied it, run: chmod 600 ${active}\n`)
})

t.test('doctor says to people what is well and what is not, and what it says to do mends it', async t => {
  const { folder, active } = await startedBefore(t)
  const { text, run } = await commandLine(t, await environmentOf(folder))
  t.notMatch(await text(['doctor']), 'PROBLEM')
  chmodSync(active, 0o644)
  const { code, stdout, stderr } = await run(['doctor'])
  t.strictSame([code, stderr], [1, ''])
  const problem = `PROBLEM  active key: ${active} is open to other users. If nobody copied it, run: chmod 600 ${active}`
  t.strictSame(
    unwrapped(stdout)
      .split('\n')
      .filter(line => line.startsWith('PROBLEM')),
    [problem],
  )
  t.match(stdout, /^ok {7}standby key$/m)
  chmodSync(active, 0o600)
  t.notMatch(await text(['doctor']), 'PROBLEM')
})
