/** Two processes on one database and one key folder, which rotate at the same moment, again and again. */
import type { Test } from 'tap'
import { environmentOf, serve, temporaryFolder } from '../../support/serve.ts'
import { DAY, filesNeeded, keyAuditOf, keyFilesIn, keyIn, keysOf, kidsIn } from '../../support/signing-keys.ts'
import { select } from '../../support/sqlite.ts'
import { startRounds } from '../../support/together.ts'

const INTERVAL = 90 * DAY
/** More rounds than were asked for, as long as the two have not met. */
const MOST_MORE = 100

/**
 * @param rounds at least so many
 * @param environment of both processes, and of what made the first keys
 */
export async function rotateTogether(
  t: Test,
  rounds: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = temporaryFolder(t)
  const started = await serve(t, { folder, environment })
  await started.stop()
  const extension = 'SIGNET_KEY_ENCRYPTION_KEY' in environment ? '.jwe' : '.pem'
  const isInDatabase = 'SIGNET_KEYS_STORE' in environment
  /** The private halves of the signing keys, and those that there must be. */
  const kept = () =>
    isInDatabase
      ? select(started.databaseFile, "select kid, state from private_keys where purpose = 'signing'")
          .map(({ kid, state }) => `${kid} ${state}`)
          .sort()
      : keyFilesIn(started)
  const needed = () =>
    isInDatabase
      ? kidsIn(started, 'active', 'pending')
          .map(kid => `${kid} kept`)
          .sort()
      : filesNeeded(started, extension)
  // No key is younger than the clocks of the two.
  const words = [String(Date.now()), String(INTERVAL)]
  const starts = await Promise.all(
    [1, 2].map(async () => ({ words, environment: { ...(await environmentOf(folder)), ...environment } })),
  )
  const { round, end } = await startRounds(t, 'rotate-in-rounds.ts', starts)

  /** How often each had made a key before the other one won. */
  let discarded: readonly number[] = []
  const lost = () => discarded.reduce((sum, each) => sum + each, 0)
  for (let number = 1; number <= rounds || (lost() === 0 && number <= rounds + MOST_MORE); number += 1) {
    const standby = keyIn(started, 'pending').kid
    const heard = keyAuditOf(started).length
    const told = (await round()).map(line => JSON.parse(line))
    const published = kidsIn(started, 'pending', 'active', 'retiring').sort()
    const rotations = keyAuditOf(started)
      .slice(heard)
      .filter(({ type }) => type !== 'signing_key.retire')
    const isRight = t.same(
      {
        active: keyIn(started, 'active').kid,
        keys: keysOf(started).length,
        events: rotations.map(({ type, target }) => [type, target]),
        files: kept(),
        told: told.map(({ published, ready }) => ({ published, ready })),
      },
      {
        active: standby,
        keys: 2 + number,
        events: [
          ['signing_key.stop_signing', kidsIn(started, 'retiring')[0]],
          ['signing_key.activate', standby],
          ['signing_key.add', keyIn(started, 'pending').kid],
        ],
        files: needed(),
        told: [1, 2].map(() => ({ published, ready: 200 })),
      },
      `round ${number}`,
    )
    if (!isRight) break
    discarded = told.map(each => each.discarded)
  }
  for (const ended of await end()) t.same(ended, { code: 0, signal: null, stderr: '' })
  t.ok(lost() > 0, `${lost()} times both had made a key before one of them won`)
}
