/** Every form of hash that can be imported, from the file to the sign-in: right and wrong passwords, and what is stored afterwards. */
import t from 'tap'
import { columnsOfUsual } from '../support/foreign-columns.ts'
import { hashesOfUsual, usual, wrong } from '../support/foreign-hashes.ts'
import { importing } from '../support/importing.ts'
import { addAlice, serve, signIn } from '../support/serve.ts'
import { select } from '../support/sqlite.ts'

const timeout = 600_000
const ours = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/

t.test('whoever is imported signs in with the password, and is of Argon2id afterwards', { timeout }, async t => {
  const service = await serve(t, { faults: { hasher: real => real } })
  await addAlice(service)
  const its = await importing(t, service.environment)
  const hashes = [hashesOfUsual, columnsOfUsual].flatMap(Object.entries<readonly string[]>)
  const people = hashes.flatMap(([form, all]) => all.map((password_hash, at) => ({ form, password_hash, at })))
  const lines = people.map(({ form, password_hash, at }) => ({ username: `${form} ${at}`, password_hash }))
  const { answer } = await its.import(lines, '--max-cost', '50')
  t.strictSame(answer.refused, [])
  const counted = Object.fromEntries(hashes.map(([form, all]) => [form, all.length]))
  t.strictSame(answer.forms, counted)
  const stored = (username: string) =>
    select(service.databaseFile, 'select password_hash, hash_cost from users where username = ?', username)[0]
  // The dearest first: whoever is refused waits as long as the dearest that is left takes.
  const byCost = select(service.databaseFile, 'select username from users where hash_cost > 0 order by hash_cost desc')
  t.equal(byCost.length, lines.length)
  for (const { username } of byCost) {
    t.equal((await signIn(service, { username, password: wrong })).body.error, 'invalid_grant', username)
    t.type(stored(username)?.['hash_cost'], 'number', username)
    t.equal((await signIn(service, { username, password: usual })).status, 200, username)
    t.match(stored(username), { password_hash: ours, hash_cost: null }, username)
    t.equal((await signIn(service, { username, password: usual })).status, 200, `${username}, again`)
  }
})
