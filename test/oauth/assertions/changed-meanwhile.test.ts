/** What a workload's token is good for is asked again before its access token is released, whatever was read before the change. */
import t from 'tap'
import type { Faults } from '../../../src/compose/sources.ts'
import {
  addIssuer,
  addTrust,
  addWorker,
  fileWith,
  issuerUrl,
  newKey,
  present,
  workloadClaims,
} from '../../support/assertions.ts'
import { testClock } from '../../support/clock.ts'
import { createHold, during, type Hold } from '../../support/hold.ts'
import { sign } from '../../support/hostile-assertions.ts'
import { aroundReads } from '../../support/reads.ts'
import { byTest, serve } from '../../support/serve.ts'
import { isRevoked, statusIn } from '../../support/status-list.ts'

const holds = { 'before its row is read': createHold(), 'while its access token is signed': createHold() }
let isHeld = false
const pass = <T>(hold: Hold, work: () => Promise<T>) => (isHeld ? hold.pass(work) : work())
const signer: Faults['signer'] = ({ kid, sign }) => ({
  kid,
  sign: input => pass(holds['while its access token is signed'], () => sign(input)),
})
const read = aroundReads((store, look) => (store === 'sessions' ? pass(holds['before its row is read'], look) : look()))
const clock = testClock()
const service = await serve(t, { clock, faults: { signer, read } })
const { clients, issuers } = service
const key = newKey()

type Act = (name: string, trustId: string) => Promise<unknown>
const acts: Readonly<Record<string, Act>> = {
  'the trust is removed': (name, trustId) => clients.removeTrust(name, trustId, byTest),
  'the issuer is removed': name => issuers.remove(name, byTest),
  'its tokens are for others': name => issuers.update(name, { audience: 'others' }, byTest),
  'they may live less long': name => issuers.update(name, { maxLifetimeSeconds: 3599 }, byTest),
  'it has another URL': name => issuers.update(name, { url: `${issuerUrl}/other` }, byTest),
  'it has another key of the same name': name =>
    issuers.update(name, { keySource: fileWith(newKey('ES256', key.kid)) }, byTest),
  'the client is disabled': name => clients.setStatus(name, 'disabled', byTest),
}

for (const [when, hold] of Object.entries(holds))
  t.test(`${when}:`, async t => {
    for (const [at, [what, act]] of Object.entries(acts).entries()) {
      const name = `${when.split(' ')[0]}-${at}`
      await addIssuer(service, key, {}, name)
      await addWorker(service, name)
      const { added } = await addTrust(service, name, undefined, name)
      const token = sign(key, workloadClaims(service, clock.now()))
      const ask = () => present(service, token, { client_id: name })
      const before = await ask()
      t.equal(before.status, 200)
      isHeld = true
      const answer = await during(hold, ask, () => {
        isHeld = false
        return act(name, added.id)
      })
      t.match([answer.status, answer.body.error], [401, 'invalid_client'], what)
      t.ok(await isRevoked(statusIn(before.body.access_token)), `${what}: and what was given`)
    }
  })
