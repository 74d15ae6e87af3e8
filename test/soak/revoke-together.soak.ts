/** Two processes that revoke all keys at the same moment, again and again, on either database and with either key store. */
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { postgresOf } from '../support/postgres.ts'
import { environmentOf, serve, temporaryFolder } from '../support/serve.ts'
import { filesNeeded, keyAuditOf, keyFilesIn, keysOf, kidsIn } from '../support/signing-keys.ts'
import { select } from '../support/sqlite.ts'
import { startTogether } from '../support/together.ts'
import { rounds } from './settings.ts'

const inDatabase = { SIGNET_KEYS_STORE: 'database', SIGNET_KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') }

async function revokeTogether(t: Test, isOnPostgres: boolean, more: Readonly<Record<string, string>>) {
  const folder = temporaryFolder(t)
  const database = isOnPostgres ? { SIGNET_DATABASE_URL: await postgresOf(folder) } : {}
  const environment = { ...(await environmentOf(folder)), ...database, ...more }
  const service = await serve(t, { folder, environment })
  await service.stop()
  /** The private halves of the signing keys, prepared ones too. */
  const kept = () =>
    'SIGNET_KEYS_STORE' in more
      ? select(service.databaseFile, "select kid, state from private_keys where purpose = 'signing' order by kid").map(
          ({ kid, state }) => `${kid} ${state}`,
        )
      : keyFilesIn(service)
  const needed = () =>
    'SIGNET_KEYS_STORE' in more
      ? kidsIn(service, 'active', 'pending')
          .sort()
          .map(kid => `${kid} kept`)
      : filesNeeded(service)

  let lost = 0
  for (let round = 1; round <= rounds; round += 1) {
    const [before, heard] = [kidsIn(service, 'active', 'pending'), keyAuditOf(service).length]
    const start = { words: ['revoke --all', '0'], environment }
    const ended = await Promise.all((await startTogether(t, 'change-keys.ts', [start, start])).map(part => part.ended))
    const losers = ended.filter(({ code }) => code !== 0)
    for (const { code, stderr } of losers)
      t.match(
        [code, stderr],
        [1, /KeyError: The keys were changed by another process at the same moment: .* signs since/],
      )
    lost += losers.length
    const winners = 2 - losers.length
    t.ok(winners >= 1, `round ${round}: ${winners} did it`)
    t.strictSame([kidsIn(service, 'active').length, kidsIn(service, 'pending').length], [1, 1], `round ${round}`)
    t.strictSame(
      keysOf(service).filter(({ kid, state }) => before.includes(kid) && state !== 'revoked'),
      [],
      `round ${round}: none of before is left`,
    )
    t.equal(keyAuditOf(service).length, heard + 4 * winners, `round ${round}: whoever lost leaves no event`)
    t.strictSame(kept(), needed(), `round ${round}: nor a key`)
  }
  t.comment(`${lost} of ${rounds} rounds had a loser`)
}

t.test('on SQLite, with files', t => revokeTogether(t, false, {}))
t.test('on SQLite, with keys in the database', t => revokeTogether(t, false, inDatabase))
t.test('on PostgreSQL, with files', t => revokeTogether(t, true, {}))
t.test('on PostgreSQL, with keys in the database', t => revokeTogether(t, true, inDatabase))
