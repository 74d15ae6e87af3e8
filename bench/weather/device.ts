/** A device with a session of its own. It follows the protocol: what was not answered is repeated before anything else is done. */
import { setTimeout as delay } from 'node:timers/promises'
import { password, resourceSecret } from '../forms.ts'
import type { Ask, Route } from './asking.ts'
import { type Exchange, type Kind, retryAfterMs } from './journal.ts'
import type { HeldToken, Oracle, Session } from './oracle.ts'
import type { Verifier } from './verifier.ts'

export interface Device {
  /** Until it is told to stop; what is under way is finished first. */
  work(): Promise<void>
  stop(): void
  /** Nor is that finished. */
  abandon(): void
}

/** Somebody does not want to know any more. */
export class Abandoned extends Error {}

export interface DeviceOptions {
  readonly name: string
  readonly username: string
  readonly address: string
  readonly route: Route
  /** Where it asks one instance only: whether that is there. */
  isUp?(): boolean
  readonly random: () => number
  readonly ask: Ask
  readonly oracle: Oracle
  readonly verifier: Verifier
  /** Between two requests, on the average. */
  readonly thinkMs: number
  /** Does not wait for as long as Retry-After says: it looks when a service is back. */
  readonly isImpatient?: true
  readonly graceMs: number
}

/** A session gets a fresh index for a revoked access token at most once a minute. */
const BETWEEN_FRESH_INDICES_MS = 61_000
/** Not all sign in at once. */
const LATEST_BEGINNING_MS = 2000
const AFTER_NO_ANSWER_MS = 100
/** A device that waits for longer is no example: the grace would be over. */
const LONGEST_WAIT_MS = 3000

export function unlessAbandoned(error: unknown): void {
  if (!(error instanceof Abandoned)) throw error
}

export function createDevice(options: DeviceOptions): Device {
  const { name, username, address, route, random, ask, oracle, verifier } = options
  let session: Session | undefined
  let takenAt = Number.NEGATIVE_INFINITY
  const state = { isStopping: false, isAbandoned: false }

  const post = (kind: Kind, path: string, form: Readonly<Record<string, string>>): Promise<Exchange> =>
    ask({ kind, who: name, route, path, form, address })

  /** Sends until there is an answer that says what became of it. */
  async function settle(send: () => Promise<Exchange>, onUnknown?: (exchange: Exchange) => void): Promise<Exchange> {
    for (;;) {
      while (options.isUp?.() === false && !state.isAbandoned) await delay(AFTER_NO_ANSWER_MS)
      if (state.isAbandoned) throw new Abandoned()
      const exchange = await send()
      if (exchange.status !== 0 && exchange.status !== 503) return exchange
      onUnknown?.(exchange)
      const isPatient = exchange.status === 503 && !options.isImpatient
      await delay(isPatient ? Math.min(retryAfterMs(exchange), LONGEST_WAIT_MS) : AFTER_NO_ANSWER_MS)
    }
  }

  async function signIn(): Promise<void> {
    const form = { grant_type: 'password', client_id: 'bench', username, password }
    const exchange = await settle(() => post('sign-in', '/oauth/token', form))
    if (exchange.status !== 200) {
      if (!oracle.mayBeRefused(username, exchange)) wrong('an honest user signs in', exchange)
      await delay(1000)
      return
    }
    session = oracle.signedIn(username, exchange)
    await verify(session, exchange)
    // Nobody knows whether an act over the user reached it.
    if (session.ended !== undefined) await signOut(session)
  }

  function wrong(rule: string, exchange: Exchange): void {
    oracle.wrong(rule, `${name} of ${username}: ${exchange.kind} is answered ${exchange.status}`, exchange)
  }

  async function verify(its: Session, exchange: Exchange): Promise<void> {
    const problem = await verifier.problemOf(JSON.parse(exchange.body).access_token)
    if (problem !== undefined) oracle.violate(its, 'a token verifies by the JWKS', problem, exchange)
  }

  async function refresh(its: Session): Promise<void> {
    let firstLostAt: number | undefined
    const form = { grant_type: 'refresh_token', client_id: 'bench', refresh_token: its.refreshToken }
    const exchange = await settle(
      () => post('refresh', '/oauth/token', form),
      lost => {
        firstLostAt ??= lost.sentAt
        oracle.remember(its, lost)
      },
    )
    if (exchange.status === 200) {
      oracle.refreshed(its, exchange)
      await verify(its, exchange)
      return
    }
    const isRefused = exchange.status === 400 && exchange.body.includes('invalid_grant')
    if (isRefused) oracle.refused(its, exchange, firstLostAt, options.graceMs)
    else wrong('a refresh is good or refused', exchange)
    its.ended ??= { begunAt: exchange.answeredAt, doneAt: undefined }
    session = undefined
  }

  async function signOut(its: Session): Promise<void> {
    its.ended ??= { begunAt: performance.now(), doneAt: undefined }
    session = undefined
    const exchange = await settle(() =>
      post('sign-out', '/oauth/revoke', { client_id: 'bench', token: its.refreshToken }),
    )
    oracle.remember(its, exchange)
    if (exchange.status === 200) its.ended.doneAt ??= exchange.answeredAt
    else wrong('a sign-out is good', exchange)
  }

  async function revoke(its: Session, token: HeldToken): Promise<void> {
    const act = its.taken.get(token.entry) ?? { begunAt: performance.now(), doneAt: undefined as number | undefined }
    its.taken.set(token.entry, act)
    takenAt = performance.now()
    const form = { client_id: 'bench', token: token.text, token_type_hint: 'access_token' }
    const exchange = await settle(() => post('revocation', '/oauth/revoke', form))
    oracle.remember(its, exchange)
    if (exchange.status !== 200) return wrong('a revocation is good', exchange)
    // A token whose key was revoked meanwhile is no token any more, and its siblings go on.
    if (!oracle.keys.has(token.kid)) act.doneAt ??= exchange.answeredAt
  }

  /** The resource service asks about what the device showed it. */
  async function show(its: Session, token: HeldToken): Promise<void> {
    const form = { client_id: 'resource', client_secret: resourceSecret, token: token.text }
    const exchange = await settle(() => post('introspection', '/oauth/introspect', form))
    if (exchange.status === 200) oracle.introspected(its, token, exchange)
    else wrong('an introspection is answered', exchange)
  }

  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)]

  async function doSomething(): Promise<void> {
    if (session === undefined) return signIn()
    const dice = random()
    const token = pick([...session.tokens.values()])
    if (dice < 0.02) return signOut(session)
    if (token !== undefined && dice < 0.05 && performance.now() > takenAt + BETWEEN_FRESH_INDICES_MS)
      return revoke(session, token)
    if (token !== undefined && dice < 0.2) return show(session, token)
    return refresh(session)
  }

  return {
    stop() {
      state.isStopping = true
    },
    abandon() {
      state.isAbandoned = true
    },
    async work() {
      await delay(LATEST_BEGINNING_MS * random())
      while (!state.isStopping) {
        await doSomething().catch(unlessAbandoned)
        await delay(options.thinkMs * (0.5 + random()))
      }
    },
  }
}
