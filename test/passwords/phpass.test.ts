/** phpass, and the threads that compute it. Hashes are of passlib 1.7.4. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'tap'
import { encode, readPhpass } from '../../src/passwords/algorithms/phpass.ts'
import { computeInThread, type PhpassWork } from '../../src/passwords/algorithms/phpass-thread.ts'

const hashes = {
  '$P$5sAlt7890O1Mh2Jtm0bFf2UfXd/i821': 'correct horse battery staple 9',
  '$H$6......zziONXebpi/XCXU3JKfBbOF1': 'zażółć gęślą',
  '$P$BIQRaTwmfdZ4wZPn680A4uOLb2Ei8//': "it's a test",
  $P$5sAlt7890nPjH7hWQ8Hki5L0tM3qkl1: "it\\'s a test",
}
const matches = (hash: string, password: string) => readPhpass(hash)?.matches(Buffer.from(password))
const quick = { password: Buffer.from('x'), salt: Buffer.from('12345678'), rounds: 128 }

test('it matches its own password alone, and many at once do not mix them up', async t => {
  const passwords = Object.values(hashes)
  for (const [hash, own] of Object.entries(hashes))
    t.strictSame(
      await Promise.all(passwords.map(password => matches(hash, password))),
      passwords.map(password => password === own),
    )
})

test('it is read when its characters and its rounds are those of phpass', async t => {
  const hash = '$P$BIQRaTwmfdZ4wZPn680A4uOLb2Ei8//'
  t.match(readPhpass(hash), { cost: 8192 * 1.5e-4, problem: undefined })
  for (const text of [`${hash}.`, hash.slice(0, -1), hash.replace('$P$', '$S$'), hash.replace('//', '!!'), `${hash}\n`])
    t.equal(readPhpass(text), undefined, text)
  for (const [rounds, problem] of [
    ['4', 'phpass with fewer than 2^7 rounds is not supported.'],
    ['5', undefined],
    ['F', undefined],
    ['G', 'phpass with more than 2^17 rounds is not supported.'],
    ['z', 'phpass with more than 2^17 rounds is not supported.'],
  ] as const)
    t.equal(readPhpass(hash.replace('$P$B', `$P$${rounds}`))?.problem, problem, rounds)
})

test('the last character of a hash stands for two bits, and no password has one that says more', async t => {
  t.equal(await matches('$P$5sAlt7890O1Mh2Jtm0bFf2UfXd/i825', 'correct horse battery staple 9'), false)
})

test('what is too long is read in no round', async t => {
  const long = 'x'.repeat(1025)
  const hashOf = (typed: string) => computeInThread({ ...quick, password: Buffer.from(typed) })
  for (const [typed, expected] of [
    [long.slice(1), true],
    [long, false],
  ] as const)
    t.equal(await matches(`$P$512345678${encode(await hashOf(typed))}`, typed), expected, `${typed.length} bytes`)
})

test('the event loop turns while it is computed', async t => {
  const computed = computeInThread({ ...quick, rounds: 8192 }).then(() => 'computed')
  t.equal(await Promise.race([computed, turn('turned')]), 'turned')
  await computed
})

test('a thread that ends takes nobody with it but whom it computes for, and another is begun', async t => {
  const [first, broken, last] = await Promise.allSettled([
    computeInThread(quick),
    computeInThread({ ...quick, salt: undefined } as unknown as PhpassWork),
    computeInThread(quick),
  ])
  t.match([first, broken, last], [{ status: 'fulfilled' }, { status: 'rejected' }, { status: 'fulfilled' }])
  for (let count = 0; count < 3; count += 1) t.equal((await computeInThread(quick)).length, 16)
})

test('a process ends when it waits for nothing more, wherever the program lies and however it was started', t => {
  const folder = join(t.testdir(), 'a b#c%20')
  mkdirSync(folder)
  const source = new URL('../../src/passwords/algorithms/', import.meta.url)
  for (const name of ['phpass-thread.ts', 'phpass-worker.ts']) copyFileSync(new URL(name, source), join(folder, name))
  const program = [
    "import { computeInThread } from './phpass-thread.ts'",
    "const work = { password: Buffer.from('x'), salt: Buffer.from('12345678'), rounds: 128 }",
    'const [one, two] = await Promise.all([computeInThread(work), computeInThread(work)])',
    'console.log(one.equals(two) && one.equals(await computeInThread(work)))',
  ]
  writeFileSync(join(folder, 'program.ts'), program.join('\n'))
  const words = ['--import', 'data:text/javascript,globalThis.seen=1', '--disable-sigusr1', join(folder, 'program.ts')]
  const options = { encoding: 'utf8', timeout: 60_000 } as const
  t.equal(execFileSync(process.execPath, words, options), 'true\n')
  t.end()
})
