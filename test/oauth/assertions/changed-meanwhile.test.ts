/** What a workload's token is good for is asked again before its access token is released, whatever was read before the change. */
import t, { type Test } from 'tap'
import type { Faults } from '../../../src/compose/sources.ts'
import {
  addIssuer,
  addTrust,
  addWorker,
  fileWith,
  issuerUrl,
  newKey,
  present,
  workload,
  workloadClaims,
} from '../../support/assertions.ts'
import { testClock } from '../../support/clock.ts'
import { createHold, during, type Hold } from '../../support/hold.ts'
import { sign } from '../../support/hostile-assertions.ts'
import { aroundReads } from '../../support/reads.ts'
import { type Answer, byTest, serve } from '../../support/serve.ts'
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
/** After these the token is good for nothing. */
const ending: Readonly<Record<string, Act>> = {
  'the trust is removed': (name, trustId) => clients.removeTrust(name, trustId, byTest),
  'the issuer is removed': name => issuers.remove(name, byTest),
  'its tokens are for others': name => issuers.update(name, { audience: 'others' }, byTest),
  'they may live less long': name => issuers.update(name, { maxLifetimeSeconds: 3599 }, byTest),
  'it has another URL': name => issuers.update(name, { url: `${issuerUrl}/other` }, byTest),
  'it has another key of the same name': name =>
    issuers.update(name, { keySource: fileWith(newKey('ES256', key.kid)) }, byTest),
  'the client is disabled': name => clients.setStatus(name, 'disabled', byTest),
}

/** And after these it is as good as before. */
const harmless: Readonly<Record<string, Act>> = {
  'they may live longer': name => issuers.update(name, { maxLifetimeSeconds: 7200 }, byTest),
  'it has another key beside': name => issuers.update(name, { keySource: fileWith([key, newKey()]) }, byTest),
  'another trust takes the place of this one': async (name, trustId) => {
    await addTrust(service, name, [{ name: 'sub', value: workload.sub }], name)
    await clients.removeTrust(name, trustId, byTest)
  },
}

let made = 0
/** A client by whose workload's token a request can be made, and has been made once. */
async function worker(t: Test) {
  made += 1
  const name = `worker-${made}`
  await addIssuer(service, key, {}, name)
  await addWorker(service, name)
  const { added } = await addTrust(service, name, undefined, name)
  const token = sign(key, workloadClaims(service, clock.now()))
  const ask = () => present(service, token, { client_id: name })
  const { status, body } = await ask()
  t.equal(status, 200)
  return { name, trustId: added.id, ask, before: statusIn(body.access_token) }
}

const meanwhile = (hold: Hold, request: () => Promise<Answer>, act: () => Promise<unknown>) => {
  isHeld = true
  return during(hold, request, () => {
    isHeld = false
    return act()
  })
}

for (const [when, hold] of Object.entries(holds)) {
  t.test(`${when} a token is refused, and what was given for it ends, when`, async t => {
    for (const [what, act] of Object.entries(ending)) {
      const { name, trustId, ask, before } = await worker(t)
      const { status, body } = await meanwhile(hold, ask, () => act(name, trustId))
      t.match([status, body.error], [401, 'invalid_client'], what)
      t.ok(await isRevoked(before), `${what}: and what was given`)
    }
  })
  t.test(`${when} a token stays good, when`, async t => {
    for (const [what, act] of Object.entries(harmless)) {
      const { name, trustId, ask } = await worker(t)
      const { status, body } = await meanwhile(hold, ask, () => act(name, trustId))
      t.equal(status, 200, what)
      t.notOk(await isRevoked(statusIn(body.access_token)), what)
    }
  })
}
