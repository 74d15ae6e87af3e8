/** Instances on one database whose clocks differ by half a minute: what decides is the database's, or tolerates it. */
import t, { type Test } from 'tap'
import { migratedPostgres } from '../support/postgres.ts'
import { addAlice, refresh, type Service, serve, signIn, temporaryFolder } from '../support/serve.ts'
import { device, isRevoked, revoke } from '../support/status-list.ts'

const SKEW_MS = 30_000

/** One whose clock is right, one ahead of it, and one behind. */
async function skewed(t: Test): Promise<[Service, Service, Service]> {
  const [folder, url] = [temporaryFolder(t), await migratedPostgres(t)]
  const open = (byMs: number) =>
    serve(t, { folder, environment: { SIGNET_DATABASE_URL: url }, clock: { now: () => Date.now() + byMs } })
  const right = await open(0)
  await addAlice(right)
  return [right, await open(SKEW_MS), await open(-SKEW_MS)]
}

t.test('a session goes on at each of them in turn, and a repeat gets the same answer at each', async t => {
  const services = await skewed(t)
  for (const first of services) {
    let token: string = (await signIn(first)).body.refresh_token
    for (const next of services) {
      const answer = await refresh(next, token)
      t.equal(answer.status, 200)
      for (const other of services) {
        const repeat = await refresh(other, token)
        t.equal(
          repeat.body.refresh_token,
          answer.body.refresh_token,
          'by the clock of the database, no second has passed',
        )
      }
      token = answer.body.refresh_token
    }
  }
})

t.test('what one revokes is in the lists of all, until its last token has expired by every clock', async t => {
  const services = await skewed(t)
  for (const issuing of services)
    for (const revoking of services) {
      const { status, refreshToken } = await device(issuing)
      t.equal((await revoke(revoking, refreshToken)).status, 200)
      for (const each of services) {
        const uri = status.uri.replace(issuing.issuer, each.issuer)
        t.ok(await isRevoked({ ...status, uri }))
      }
    }
})
