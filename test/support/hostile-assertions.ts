/** What a service makes of hostile assertions of both kinds: all refused with one answer, for a reason that the audit knows. */
import type { Test } from 'tap'
import type { TestKey } from './assertions.ts'
import { addIssuer, addKey, addTrust, addWorker, clientClaims, newKey, present, workloadClaims } from './assertions.ts'
import { rowsOf } from './audit.ts'
import { visible } from './clients.ts'
import { testClock } from './clock.ts'
import { encode, type Json, type SigningKey, signParts } from './issuer.ts'
import { type Answer, type Service, serve } from './serve.ts'

/** One of the two: who signs, and what is said. */
export interface Kind {
  readonly name: string
  readonly isOwn: boolean
  /** From `iat` to `exp`. */
  readonly longest: number
  /** By the clock; undefined ones are left out when it is signed. */
  claims(more?: Json): Json
  present(assertion: string): Promise<Answer>
}

/** Assertions, or what is in the place of one, by what is wrong with them. */
export type Assertions = Readonly<Record<string, string>>

/** Header and payload as they are. */
export const signBytes = (key: TestKey, header: string, payload: string): string =>
  signParts(key as TestKey & Pick<SigningKey, 'alg'>, header, payload)

/** Signed whatever it says. */
export const sign = (key: TestKey, claims: unknown, header: Json = {}): string =>
  signBytes(key, encode({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header }), encode(claims))

const refused = { error: 'invalid_client' }

/** `worker` has keys of its own, `job` trusts an issuer that has the same ones. Nothing can be fetched, and what is asked for is noted. */
export async function hostileBench(t: Test) {
  const clock = testClock(Math.floor(Date.now() / 1000) * 1000)
  const fetched: string[] = []
  const fetch = () => (uri: string) => {
    fetched.push(uri)
    return Promise.reject(new Error('It is away.'))
  }
  const service = await serve(t, { clock, faults: { fetch } })
  const keys = { ec: newKey('ES256', 'ec'), rsa: newKey('RS256', 'rsa') }
  await addWorker(service)
  for (const key of Object.values(keys)) await addKey(service, key)
  await addIssuer(service, Object.values(keys), { maxLifetimeSeconds: 7200 })
  await addWorker(service, 'job')
  await addTrust(service, 'job')

  const kinds: readonly Kind[] = [
    {
      ...{ name: 'private_key_jwt', isOwn: true, longest: 3600 },
      claims: more => clientClaims(service, clock.now(), more),
      present: assertion => present(service, assertion),
    },
    {
      ...{ name: "a workload's token", isOwn: false, longest: 7200 },
      claims: more => workloadClaims(service, clock.now(), more),
      present: assertion => present(service, assertion, { client_id: 'job' }),
    },
  ]

  return {
    clock,
    service,
    keys,
    kinds,
    fetched,
    /** For all of them this is the reason. */
    refuses: (t: Test, kind: Kind, reason: string, assertions: Assertions) =>
      refuses(t, { service, nextMinute: () => clock.advance(60_000) }, kind, reason, assertions),
    async accepts(t: Test, kind: Kind, assertions: Assertions) {
      for (const [title, assertion] of Object.entries(assertions))
        t.equal((await kind.present(assertion)).status, 200, `${kind.name}: ${title}`)
    },
  }
}

interface Refusing {
  readonly service: Service
  /** What repeats within a minute is counted at its end. */
  nextMinute(): void
}

async function refuses(
  t: Test,
  { service, nextMinute }: Refusing,
  kind: Kind,
  reason: string,
  assertions: Assertions,
): Promise<void> {
  const seen = rowsOf(service.databaseFile).length
  const answers: Answer[] = []
  for (const [title, assertion] of Object.entries(assertions)) {
    const answer = await kind.present(assertion)
    t.match([answer.status, answer.body], [401, refused], `${kind.name}: ${title}`)
    answers.push(answer)
  }
  t.equal(new Set(answers.map(answer => JSON.stringify(visible(answer)))).size, 1, `${kind.name}: one answer to all`)
  nextMinute()
  await service.writeEvents()
  const rows = rowsOf(service.databaseFile).slice(seen)
  const total = rows.reduce((sum, { count }) => sum + count, 0)
  // Of what is not genuine, or not for us, nothing is told.
  t.same(
    rows.map(({ type, outcome, reason: why, details }) => [type, outcome, why, details]),
    rows.map(() => ['client.authenticate', 'failure', reason, null]),
    `${kind.name}: ${reason}`,
  )
  t.equal(total, answers.length, `${kind.name}: each is told of`)
}
