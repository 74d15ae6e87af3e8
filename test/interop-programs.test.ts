/** What the interop tests need is known to `npm run test:interop`, and `.ci/install-interop` installs it. */
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { neededBy } from '../scripts/interop/programs.ts'

const checkout = fileURLToPath(new URL('..', import.meta.url))
const textsOf = (pattern: string): string =>
  globSync(pattern, { cwd: checkout })
    .map(path => readFileSync(`${checkout}/${path}`, 'utf8'))
    .join('\n')
const tests = globSync('test/interop/*.interop.ts', { cwd: checkout }).map(path => basename(path))
const known = [...new Set(tests.flatMap(neededBy).map(({ variable }) => variable))].sort()

/** Named once each, in order. */
const namesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort()

t.test('the programs of every interop test are known', async t => {
  t.ok(tests.length > 60, 'the tests were found')
  t.ok(known.length > 40)
})

t.test('a variable that an interop test reads names a program, or a choice of Schemathesis', async t => {
  const sources = textsOf('test/interop/*.ts')
  const read = [
    ...namesIn(sources, /process\.env\['([A-Z0-9_]+)'\]/g),
    ...namesIn(sources, /([A-Z0-9_]+)\b[^{}]*\} = process\.env/g),
  ]
  t.ok(read.length > 20, 'they were found')
  t.strictSame(
    read.filter(name => !known.includes(name)),
    ['SCHEMATHESIS_EXAMPLES', 'SCHEMATHESIS_SEED'],
  )
})

t.test('what is installed for the interop tests is what they need', async t => {
  const installed = namesIn(textsOf('.ci/interop/*'), /(?:echo "|')([A-Z][A-Z0-9_]*)(?:=| (?:node|bun|deno) )/g)
  // The system has curl. No registry has the module of Prosody, without which the client is of no use.
  const there = ['CURL', 'PROSODY_OAUTH_EXTERNAL', 'XMPP_CLIENT']
  t.strictSame([...installed, ...there].sort(), known)
})
