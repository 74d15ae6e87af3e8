/** A verifier in a time of its own, and the issuer that it asks. */
import type { Verifier, VerifierEvent, VerifierOptions } from '@signet/verifier'
import type { Test } from 'tap'
import { startIssuer } from './issuer.ts'
import { verifierFor } from './resource-callers.ts'
import { type EnvironmentOptions, outcomeOf, testEnvironment } from './verifier-environment.ts'

export const SECOND_MS = 1000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
/** Between two polls of a verifier that was not told otherwise. */
export const POLL_MS = 5 * SECOND_MS

/** The issuer lives in the time of the verifier. It is prepared by the test, then the verifier is started. */
export async function simulated(t: Test, { path, ...options }: EnvironmentOptions & { readonly path?: string } = {}) {
  const environment = testEnvironment(options)
  const issuer = await startIssuer(t, { now: environment.now, ...(path !== undefined && { path }) })
  return {
    environment,
    issuer,
    /** A token that names an entry of a list, and lives for a day. */
    tokenOf: (list: string, idx = 0, claims = {}): string =>
      issuer.token({
        exp: Math.floor(environment.now() / SECOND_MS) + 86_400,
        jti: `${list}-${idx}`,
        status: { status_list: { idx, uri: issuer.listUri(list) } },
        ...claims,
      }),
    /** A list whose first eight entries have these bits, the lowest one first. */
    publishBits: (list: string, bits: number, headers: Readonly<Record<string, string>> = {}) =>
      issuer.publishList(list, issuer.statusList(list, Buffer.from([bits])), headers),
    /** Begins at once; `environment.idle` waits until the first round is over. */
    start(more: Partial<VerifierOptions> = {}) {
      const events: VerifierEvent[] = []
      const onEvent = (event: VerifierEvent) => void events.push(event)
      const verifier = verifierFor(t, { issuer: issuer.issuer, onEvent, ...more }, environment)
      return {
        verifier,
        events,
        outcome: (...of: Parameters<Verifier['verify']>): Promise<string> => outcomeOf(verifier, ...of),
      }
    },
  }
}
