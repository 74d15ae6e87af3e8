/** What resource services do: they poll JWKS and status lists, here of each instance, and verify each token that is issued. */
import { createPublicKey, type KeyObject, verify, type webcrypto } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { readStatusList } from '../status-list.ts'
import type { Ask, Route } from './asking.ts'
import type { Instance } from './instances.ts'
import type { Exchange, Journal, Kind } from './journal.ts'
import { type Act, type HeldToken, heldToken, type Oracle } from './oracle.ts'
import type { Sky } from './sky.ts'

export interface Verifier {
  /** Why a token that was just issued does not verify; undefined when it does. */
  problemOf(token: string): Promise<string | undefined>
  /** Polls until it is told to stop. */
  work(): Promise<void>
  stop(): void
  /** From the acknowledgement of a revocation to the list that shows it, of the slowest instance, while the database answered. */
  slowestNoticeMs(): number
}

const BETWEEN_POLLS_MS = 1000
const LISTS = '/oauth/status-lists/'
/** A token that was issued so long ago is not one that was just issued. */
const JUST_ISSUED_MS = 60_000

/** An instance, as the verifier knows it. */
interface Watched {
  /** Entries that its lists have shown as revoked. */
  readonly seen: Set<string>
  readonly upSince: number
}

type Get = (kind: Kind, path: string) => Promise<Exchange>

interface Options {
  readonly ask: Ask
  readonly balancer: Route
  readonly instances: readonly Instance[]
  readonly oracle: Oracle
  readonly journal: Journal
  readonly sky: Sky
}

export function createVerifier({ ask, balancer, instances, oracle, journal, sky }: Options): Verifier {
  let keys = new Map<string, KeyObject>()
  /** When a token of each key was issued last. */
  const issued = new Map<string, number>()
  /** Entries that are known to be revoked, by instance. */
  const noticed = new Map<string, Set<string>>()
  let slowestNoticeMs = 0
  const state = { isStopping: false }

  const get = (kind: Kind, path: string, route: Route): Promise<Exchange> =>
    ask({ kind, who: 'a resource service', route, path })

  async function fetchKeys(): Promise<void> {
    const { status, body } = await get('jwks', '/.well-known/jwks.json', balancer)
    if (status !== 200) return
    const fetched: { keys: (webcrypto.JsonWebKey & { kid: string })[] } = JSON.parse(body)
    keys = new Map(fetched.keys.map(jwk => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })]))
  }

  async function problemOf(text: string): Promise<string | undefined> {
    const { kid } = heldToken(text)
    const isRevoked = () => oracle.keys.has(kid)
    if (!keys.has(kid)) await fetchKeys()
    const key = keys.get(kid)
    if (key === undefined) return isRevoked() ? undefined : `the JWKS lacks ${kid}`
    if (!isRevoked()) issued.set(kid, performance.now())
    const [header, payload, signature] = text.split('.')
    const signed = Buffer.from(`${header}.${payload}`)
    const isGood = verify('sha256', signed, key, Buffer.from(signature ?? '', 'base64url'))
    return isGood ? undefined : `the signature by ${kid} is wrong`
  }

  async function pollKeys(getHeld: Get): Promise<void> {
    const exchange = await getHeld('jwks', '/.well-known/jwks.json')
    if (exchange.status !== 200) return
    const published = new Set(JSON.parse(exchange.body).keys.map(({ kid }: { kid: string }) => kid))
    for (const [kid, atMs] of issued)
      if (
        !published.has(kid) &&
        !oracle.keys.has(kid) &&
        atMs < exchange.sentAt &&
        atMs > exchange.sentAt - JUST_ISSUED_MS
      )
        journal.violate('the JWKS has the key of each token', `it lacks ${kid}`, [exchange])
    for (const [kid, act] of oracle.keys)
      if (published.has(kid) && oracle.isNoticed(act, exchange.sentAt))
        journal.violate('a revoked key leaves the JWKS', `it has ${kid}`, [exchange])
  }

  function look(
    token: HeldToken,
    gone: Act | undefined,
    isListed: boolean,
    exchange: Exchange,
    { seen, upSince }: Watched,
  ): void {
    if (isListed && gone === undefined)
      journal.violate('what was not revoked is not listed', `${token.entry} is listed`, [exchange])
    if (gone?.doneAt === undefined || gone.doneAt > exchange.sentAt) return
    if (!isListed && (seen.has(token.entry) || oracle.isNoticed(gone, exchange.sentAt)))
      journal.violate('what was revoked is listed', `${token.entry} is not listed`, [exchange])
    if (!isListed || seen.has(token.entry)) return
    seen.add(token.entry)
    if (upSince > gone.doneAt || sky.harmed('database', gone.doneAt, exchange.sentAt)) return
    slowestNoticeMs = Math.max(slowestNoticeMs, exchange.sentAt - gone.doneAt)
  }

  async function pollLists(getHeld: Get, watched: Watched): Promise<void> {
    const { status, body } = await getHeld('status list', '/oauth/status-lists')
    if (status !== 200) return
    for (const uri of JSON.parse(body).status_lists as string[]) {
      const path = new URL(uri).pathname
      const exchange = await getHeld('status list', path)
      if (exchange.status !== 200) continue
      const { isRevoked } = readStatusList(exchange.body)
      for (const { tokens, taken, ended } of oracle.sessions())
        for (const token of tokens.values())
          if (token.listPath === path && token.expiresAtMs > Date.now())
            look(token, earlier(taken.get(token.entry), ended), isRevoked(token.index), exchange, watched)
    }
  }

  /** What an instance has served since it was started is served again, whatever the database does; a list, while its key is good. */
  function assertHeld({ status, path, body, ...told }: Exchange, held: Map<string, string | undefined>): void {
    const isList = path.startsWith(LISTS)
    if (status === 200) held.set(path, isList ? kidOf(body) : undefined)
    const isRevoked = oracle.keys.has(held.get(path) ?? '')
    if (status === 503 && held.has(path) && !isRevoked)
      journal.violate('what is held is served', `${path} is answered 503`, [{ ...told, status, path, body }])
  }

  /** Polls one instance for as long as it is up. */
  async function poll(instance: Instance): Promise<void> {
    const seen = noticed.get(instance.name) ?? new Set<string>()
    noticed.set(instance.name, seen)
    const route = { port: instance.port, instance: instance.name }
    let held = new Map<string, string | undefined>()
    let upSince = Number.NaN
    const getHeld = async (kind: Kind, path: string) => {
      const exchange = await get(kind, path, route)
      assertHeld(exchange, held)
      return exchange
    }
    while (!state.isStopping) {
      if (upSince !== instance.upSince()) held = new Map()
      upSince = instance.upSince()
      if (instance.isUp()) {
        await pollKeys(getHeld)
        await pollLists(getHeld, { seen, upSince })
        await getHeld('metadata', '/.well-known/oauth-authorization-server')
      }
      await delay(BETWEEN_POLLS_MS)
    }
  }

  return {
    problemOf,
    async work() {
      await Promise.all(instances.map(poll))
    },
    stop() {
      state.isStopping = true
    },
    slowestNoticeMs: () => slowestNoticeMs,
  }
}

const kidOf = (jwt: string): string => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid

/** What was acknowledged first; what may be under way, when nothing was. */
function earlier(one: Act | undefined, other: Act | undefined): Act | undefined {
  const done = [one, other].filter(act => act?.doneAt !== undefined)
  return done.sort((a, b) => (a?.doneAt ?? 0) - (b?.doneAt ?? 0))[0] ?? one ?? other
}
