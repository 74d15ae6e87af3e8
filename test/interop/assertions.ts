/**
 * A machine without a secret, by libraries of others: it signs assertions with a key of its own, or brings the token of its workload
 * (RFC 7523 §2.2), with a look at what is sent.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importPKCS8 } from 'jose'
import { type Test, test } from 'tap'
import {
  addIssuer,
  addKey,
  addTrust,
  jwtBearer,
  newKey,
  signed,
  workload,
  workloadClaims,
} from '../support/assertions.ts'
import { rowsOf } from '../support/audit.ts'
import { claimsOf, headerOf, temporaryFolder } from '../support/serve.ts'
import { frontOf } from './front.ts'
import { assertMachineToken, claimsAt, clientId, type MachineOptions, type Sent, withMachine } from './machines.ts'

export type AssertionOptions = MachineOptions & {
  /** Of the client's own key; RS256 when it is not given. */
  readonly alg?: string
  readonly https?: true
}

/** Starts all of it. */
export async function withAssertions(t: Test, { alg = 'RS256', https, ...options }: AssertionOptions = {}) {
  const front = await frontOf(t, https)
  const machine = await withMachine(t, { ...options, secret: null, front })
  const { service } = machine
  const [own, theirs] = [newKey(alg, 'one'), newKey('ES512')]
  await addKey(service, { ...own, jwk: { ...own.jwk, alg } }, clientId)
  await addIssuer(service, theirs)
  await addTrust(service, clientId)

  const folder = temporaryFolder(t)
  const [tokenFile, pemFile] = [join(folder, 'token'), join(folder, 'key.pem')]
  const pem = own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  writeFileSync(pemFile, pem)
  /** Puts a token into the file, as what runs workloads does. */
  const giveToken = async (more?: Readonly<Record<string, string>>) =>
    writeFileSync(tokenFile, await signed(theirs, workloadClaims(service, Date.now(), more)))
  await giveToken()
  return {
    ...machine,
    issuer: front.url,
    authorityFile: front.authorityFile,
    own: { pem, pemFile, privateKey: await importPKCS8(pem, alg) },
    tokenFile,
    giveToken,
    /** What is in the file. */
    token: () => readFileSync(tokenFile, 'utf8'),
  }
}

export type Asserting = Awaited<ReturnType<typeof withAssertions>>

/** Asks for a token, which no other has answered before. @throws what the library makes of a refusal */
export type Asks = () => Promise<unknown>

export type Start = (t: Test, machine: Asserting) => Asks | Promise<Asks>

/** Header and claims of the assertion that was sent last. */
export function lastAssertion({ sent }: Asserting) {
  const { client_assertion: jwt = '' } = sent.at(-1)?.form ?? {}
  return { header: headerOf(jwt), claims: claimsOf(jwt) }
}

/** Two tokens, that a resource accepts, each for one request. */
async function assertTwoTokens(t: Test, machine: Asserting, ask: Asks, expected: object) {
  const url = await machine.resource()
  for (let asked = 0; asked < 2; asked += 1) {
    await ask()
    assertMachineToken(t, await claimsAt(url, machine), machine)
  }
  t.match(machine.sent, [expected, expected])
  t.equal(machine.sent.length, 2, 'nothing is tried twice')
}

/**
 * Libraries show the code of an error in the message, or beside it.
 * @param reason why, as the audit says it
 */
export async function assertRefused(t: Test, { service }: Asserting, ask: Asks, reason: string): Promise<void> {
  const shown = ask().then(
    () => 'a token',
    ({ message, error }) => `${message} ${error}`,
  )
  t.match(await shown, /invalid_client/)
  await service.writeEvents()
  const refusals = rowsOf(service.databaseFile).filter(({ type }) => type === 'client.authenticate')
  t.match(refusals.at(-1), { outcome: 'failure', reason })
}

/** @param form what the library sends beside the assertion; `authorization`, if it names the client there */
type Expected = Partial<Pick<Sent, 'authorization'>> & { readonly form?: object }

const sentBy = ({ authorization, form }: Expected) => ({
  authorization,
  form: { client_assertion_type: jwtBearer, client_secret: undefined, ...form },
  status: 200,
})

export function testOwnKey(name: string, start: Start, expected: Expected, options?: AssertionOptions): void {
  test(`${name} gets tokens by a key of its own, and shows that there is none for a client that is disabled`, async t => {
    const machine = await withAssertions(t, options)
    const ask = await start(t, machine)
    await assertTwoTokens(t, machine, ask, sentBy(expected))
    await machine.disable()
    await assertRefused(t, machine, ask, 'client_disabled')
    await machine.enable()
    await ask()
  })
}

export function testWorkload(name: string, start: Start, expected: Expected, options?: AssertionOptions): void {
  test(`${name} gets tokens by the token of its workload, and shows that there is none by another's`, async t => {
    const machine = await withAssertions(t, options)
    const ask = await start(t, machine)
    await assertTwoTokens(t, machine, ask, sentBy(expected))
    await machine.giveToken({ sub: `${workload.sub}2` })
    await assertRefused(t, machine, ask, 'conditions_not_met')
    await machine.giveToken()
    await ask()
  })
}
