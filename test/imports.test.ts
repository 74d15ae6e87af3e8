/** The sources keep to the table of import rules, and a breach of it is seen. */
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import {
  arrowsBetween,
  floorsOf,
  homelessIn,
  importsIn,
  problemsIn,
  readFiles,
  readImports,
  roomOf,
} from '../scripts/imports/graph.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const imports = readImports(root)

test('every import of the sources is in the table', async t => {
  t.ok(imports.length > 500, 'they were read')
  t.same(problemsIn(imports), [])
  t.same(homelessIn(readFiles(root)), [], 'every file lies in a room')
})

test('no two files import each other, on whatever way round', async t => {
  const { circle } = floorsOf(arrowsBetween(imports, file => file))
  t.equal(circle, undefined)
})

test('every arrow between rooms runs down, over seven floors at the most', async t => {
  const { floors, circle } = floorsOf(arrowsBetween(imports, file => roomOf(file) ?? file))
  t.equal(circle, undefined)
  t.ok(Math.max(...floors.values()) <= 7, JSON.stringify([...floors]))
})

test('what the table does not allow is refused, in whatever form it is imported', async t => {
  const breaches = {
    'src/oauth/scope.ts': "import { createUsers } from '../accounts/users.ts'",
    'src/records/user.ts': "import type { Users } from '../accounts/users.ts'",
    'src/accounts/users.ts': "const { createKeyRing } = await import('../keys/key-ring.ts')",
    'src/http/routes/me.ts': "export { prepareStores } from '../../storage/stores/stores.ts'",
    'src/commands/users.ts': "import '../config/variables.ts'",
    'src/maintenance/doctor.ts': "import {\n  sql,\n  type Kysely,\n} from 'kysely'",
    'src/background/janitor.ts': "import Sqlite from 'better-sqlite3'",
    'src/storage/stores/users.ts': "import pg from 'pg'",
    'src/oauth/metadata.ts': "import type { FastifyInstance } from 'fastify'",
    'verifier/src/jose/jws.ts': "import { toSeconds } from '../../../src/clock.ts'",
    'verifier/src/verifier.ts': "import { jwtVerify } from 'jose'",
    'examples/resource-api/app.ts': "import { createVerifier } from '../../verifier/src/verifier.ts'",
    'src/oauth/status-list/publisher.ts': "import { createPasswordGrant } from '../grants/password.ts'",
    'src/oauth/sessions/new-session.ts': "import { createTokenIssuer } from '../token-issuer.ts'",
    'src/passwords/passwords.ts': 'await import(`../accounts/users.ts`)',
    'src/keys/rsa.ts': "const glob = '*/*'\nawait import('pg')\nconst other = '*/*'",
    'src/nowhere/file.ts': "import { table } from '../commands/table.ts'",
  }
  for (const [file, text] of Object.entries(breaches)) t.equal(problemsIn(importsIn(file, text)).length, 1, file)
  const comment = "/** `import x from 'pg'` */\n// import x from 'pg'\n"
  t.same(importsIn('src/oauth/scope.ts', comment), [], 'a comment imports nothing')
})

test('a circle is found, and the floors are counted from the ground', async t => {
  const arrows = (pairs: readonly (readonly [string, string])[]) =>
    arrowsBetween(
      pairs.map(([file, target]) => ({ file, target, isFile: true })),
      file => file,
    )
  const { circle } = floorsOf(
    arrows([
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ]),
  )
  t.same(circle, ['b', 'c', 'a', 'b'])
  const { floors } = floorsOf(
    arrows([
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'c'],
    ]),
  )
  t.same(Object.fromEntries(floors), { a: 3, b: 2, c: 1 })
})
