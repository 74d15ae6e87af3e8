/** People who sign in and refresh without a pause, and resource services that verify every token, the old ones again and again. */
import type { Clock } from '../../../src/clock.ts'
import { type Answer, claimsOf, headerOf, refresh, type Service, signIn } from '../../support/serve.ts'
import type { LibraryName, Verification, Verifier } from './processes.ts'

export type Round = ReadonlyMap<LibraryName, readonly Verification[]>

function tokensOf({ status, text, body }: Answer): { readonly access: string; readonly refreshToken: string } {
  if (status !== 200) throw new Error(`No tokens: ${text}`)
  return { access: body.access_token, refreshToken: body.refresh_token }
}

export const kidOf = (token: string): string => headerOf(token).kid
export const issuedMs = (token: string): number => claimsOf(token).iat * 1000
export const expiryMs = (token: string): number => claimsOf(token).exp * 1000

/** Begins with a sign-in; the rest is done round by round, so that the caller decides what happens between two of them. */
export async function startLoad(service: Service, verifiers: readonly Verifier[], clock: Clock) {
  let { refreshToken } = tokensOf(await signIn(service))
  /** The youngest token of each key, which lives longest. */
  const youngest = new Map<string, string>()
  const oldest = new Map<string, string>()
  const failures = new Set<string>()
  let ticking: Promise<void> | undefined

  /** As the timer does each second, never twice at a time; the load does not wait for it. */
  function tick(): void {
    ticking ??= service.tick().finally(() => {
      ticking = undefined
    })
  }

  const verify = async (tokens: readonly string[]): Promise<Round> =>
    new Map(await Promise.all(verifiers.map(async each => [each.name, await each.verify(tokens)] as const)))

  return {
    /** The keys that signed so far, in their order. */
    kids: (): readonly string[] => [...youngest.keys()],
    youngest: (kid: string): string => youngest.get(kid) ?? '',
    /** The one that a key signed first. */
    oldest: (kid: string): string => oldest.get(kid) ?? '',
    /** Refusals of tokens that had not expired and that nobody revoked. */
    failures,
    verify,

    /** A sign-in, a refresh, and the verification of their tokens and of the youngest that each key but `without` has signed. */
    async round(without?: string): Promise<Round> {
      tick()
      const [signedIn, refreshed] = (await Promise.all([signIn(service), refresh(service, refreshToken)])).map(tokensOf)
      refreshToken = signedIn?.refreshToken ?? ''
      const fresh = [signedIn?.access ?? '', refreshed?.access ?? '']
      const old = [...youngest].filter(([kid, token]) => kid !== without && clock.now() < expiryMs(token))
      for (const token of fresh) {
        const kid = kidOf(token)
        youngest.set(kid, token)
        if (!oldest.has(kid)) oldest.set(kid, token)
      }
      const round = await verify([...fresh, ...old.map(([, token]) => token)])
      for (const [name, verifications] of round)
        for (const { token, endedAtMs, failure } of verifications)
          if (failure !== undefined && endedAtMs < expiryMs(token)) failures.add(`${name}: ${failure}`)
      return round
    },

    /** When no tick is under way. */
    async settled(): Promise<void> {
      await ticking
    },
  }
}
