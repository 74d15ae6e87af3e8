/** What a verifier makes of hostile tokens: each is refused with its code, twice, and good ones beside them go on passing. */
import { TokenError, type TokenErrorCode, type VerifierEvent, type VerifierOptions } from '@signet/verifier'
import type { Test } from 'tap'
import { encode, type Issuer, type Json, type SigningKey, signParts, startIssuer } from './issuer.ts'
import { verifierFor } from './resource-callers.ts'
import { testEnvironment } from './verifier-environment.ts'

/** A token, or what is in the place of one, by what is wrong with it. */
export type Cases = Readonly<Record<string, unknown>>
export type Verdict = 'accepted' | TokenErrorCode

export type Bench = Awaited<ReturnType<typeof testBench>>

/**
 * An issuer and a verifier with one time, which stands still until the test moves it.
 * @param keys published in the place of the issuer's own
 */
export async function testBench(
  t: Test,
  options: Partial<VerifierOptions> = {},
  keys?: (issuer: Issuer) => readonly unknown[],
) {
  const environment = testEnvironment({ startMs: Math.floor(Date.now() / 1000) * 1000 })
  const issuer = await startIssuer(t, { now: environment.now, path: '/tenant' })
  if (keys !== undefined) issuer.publishKeys(keys(issuer))
  const events: VerifierEvent[] = []
  const onEvent = (event: VerifierEvent) => events.push(event)
  const verifier = verifierFor(t, { issuer: issuer.issuer, onEvent, ...options }, environment)
  await verifier.ready()

  const ask = (token: unknown): Promise<Verdict> =>
    verifier.verify(token as string).then(
      () => 'accepted',
      error => {
        if (error instanceof TokenError) return error.code
        throw error
      },
    )

  /** Asks twice: the first answer may be remembered, and must not have been remembered as a better one. */
  async function verdict(token: unknown): Promise<Verdict | string> {
    const first = await ask(token)
    const second = await ask(token)
    return first === second ? first : `first ${first}, then ${second}`
  }

  async function expectVerdict(expected: Verdict, cases: Cases): Promise<void> {
    for (const [title, token] of Object.entries(cases)) t.equal(await verdict(token), expected, `${expected}: ${title}`)
  }

  return {
    issuer,
    verifier,
    environment,
    events,
    verdict,
    refuses: (code: TokenErrorCode, cases: Cases) => expectVerdict(code, cases),
    accepts: (cases: Cases) => expectVerdict('accepted', cases),
  }
}

/** The header and the claims of a good token of the issuer. */
export const headerOf = ({ alg, kid }: SigningKey): Json => ({ typ: 'at+jwt', alg, kid })
export function claimsOf(issuer: Issuer): Json {
  const [, payload = ''] = issuer.token().split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}

/** A token with these bytes as header and payload, signed as they are. */
export const signBytes = (key: SigningKey, header: string | Buffer, payload: string | Buffer): string =>
  signParts(key, Buffer.from(header).toString('base64url'), Buffer.from(payload).toString('base64url'))

/** A good token but for its signature, which is whatever `signer` makes, and for what is given of its header. */
export function forge({ issuer }: Bench, key: SigningKey, header: Json, signer: (input: Buffer) => Buffer): string {
  const input = `${encode({ ...headerOf(key), ...header })}.${encode(claimsOf(issuer))}`
  return `${input}.${signer(Buffer.from(input)).toString('base64url')}`
}

/** Each value put in the place of a good one, by a title that shows it. */
export const each = <Value, Case>(
  values: readonly Value[],
  make: (value: Value) => Case,
): Readonly<Record<string, Case>> =>
  Object.fromEntries(values.map((value, index) => [`${index + 1}. ${show(value)}`, make(value)]))

const show = (value: unknown): string => {
  const text = value === undefined ? 'absent' : JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** The same cases under titles that say where. */
export const titled = (where: string, cases: Cases): Cases =>
  Object.fromEntries(Object.entries(cases).map(([title, value]) => [`${where}: ${title}`, value]))
