/** Every request with its answer: what no answer may be is noticed here, and all are counted. */
import type { Lateness } from './lateness.ts'
import type { Sky } from './sky.ts'

export type Kind =
  | 'sign-in'
  | 'refresh'
  | 'sign-out'
  | 'revocation'
  | 'introspection'
  | 'client credentials'
  | 'jwks'
  | 'status list'
  | 'metadata'

export interface Exchange {
  readonly kind: Kind
  readonly who: string
  readonly path: string
  /** Method, path and parameters, as far as they may be shown. */
  readonly request: string
  readonly sentAt: number
  readonly answeredAt: number
  /** 0: no answer came. */
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** What was answered, or why nothing was. */
  readonly body: string
  /** Undefined where nobody was reached. */
  readonly instance: string | undefined
  readonly weather: string
}

export interface Violation {
  readonly rule: string
  readonly story: string
}

export interface Journal {
  readonly violations: readonly Violation[]
  readonly exchanges: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** 503s by the weather in which they were asked for. */
  readonly refusals: ReadonlyMap<string, number>
  /** Answers in fair weather that are no violation, because the machine let the instance wait. */
  readonly excused: number
  readonly slowestRefusal: Exchange | undefined
  readonly slowest: Exchange | undefined
  note(exchange: Exchange): void
  /** @param exchanges what was sent and answered, in its order */
  violate(rule: string, what: string, exchanges?: readonly Exchange[]): void
  /** @returns what ends that */
  onExchange(listener: (exchange: Exchange) => void): () => void
}

export const REFUSED_WITHIN_MS = 2000
/** What takes longer hangs. */
const LONGEST_MS = 15_000

export const retryAfterMs = ({ headers }: Exchange): number => Number(headers['retry-after'] ?? 0) * 1000

interface Options {
  readonly sky: Sky
  readonly lateness: Lateness
  /** What times in stories are counted from. */
  readonly startedAt: number
  /** What instances logged of a request. */
  logOf(requestId: string): readonly string[]
  /** Whether an instance should be there. */
  isUp(instance: string): boolean
}

export function createJournal({ sky, lateness, startedAt, logOf, isUp }: Options): Journal {
  const violations: Violation[] = []
  const exchanges = new Map<string, Map<string, number>>()
  const refusals = new Map<string, number>()
  const listeners = new Set<(exchange: Exchange) => void>()
  let excused = 0
  let slowest: Exchange | undefined
  let slowestRefusal: Exchange | undefined

  const isSlower = (one: Exchange, other: Exchange | undefined) => took(one) > (other ? took(other) : 0)

  function tell(exchange: Exchange): string {
    const { sentAt, who, kind, request, status, body, instance, weather, headers } = exchange
    const at = ((sentAt - startedAt) / 1000).toFixed(2)
    const lines = [
      `${at} s, ${weather}: ${who} sent a ${kind} to ${instance ?? 'nobody'}: ${request}`,
      `  → after ${took(exchange).toFixed(0)} ms ${status || 'no answer'} ${headers['retry-after'] ? `Retry-After ${headers['retry-after']} ` : ''}${body.slice(0, status === 200 ? 80 : 240)}`,
      ...logOf(String(headers['x-request-id'])).map(line => `  log of ${instance}: ${line}`),
    ]
    return lines.join('\n')
  }

  function violate(rule: string, what: string, told: readonly Exchange[] = []): void {
    violations.push({ rule, story: [what, ...told.map(tell)].join('\n') })
  }

  function judge(exchange: Exchange): void {
    const { kind, status, sentAt, answeredAt, headers, instance } = exchange
    const isHarmed = (harm: 'database' | 'answers') => sky.harmed(harm, sentAt, answeredAt)
    const told = (rule: string, what: string) => violate(rule, what, [exchange])
    // What waits in vain for a processor waits in the queue of the port, too, when that is closed.
    const toldUnlessLate = (rule: string, what: string) => {
      if (lateness.stoodStill(instance, sentAt, answeredAt)) excused += 1
      else told(rule, what)
    }
    if (status >= 500 && status !== 503) told('never a 500', `${kind} is answered ${status}`)
    const isDown = exchange.body === 'ECONNREFUSED' && instance !== undefined && !isUp(instance)
    if (status === 0 && !isDown && !isHarmed('answers'))
      toldUnlessLate('every request is answered', `${kind} has no answer`)
    if (status === 503 && headers['retry-after'] === undefined)
      told('a 503 says when to come again', `${kind} does not`)
    if (status === 503 && !isHarmed('database'))
      toldUnlessLate('503 only while the database is away', `${kind} is answered 503`)
    if (status === 503 && took(exchange) > REFUSED_WITHIN_MS + lateness.granted(instance, sentAt, answeredAt))
      told('a 503 comes within two seconds', `${kind} took ${took(exchange).toFixed(0)} ms`)
    if (took(exchange) > LONGEST_MS + lateness.granted(instance, sentAt, answeredAt))
      told('nothing hangs', `${kind} took ${took(exchange).toFixed(0)} ms`)
  }

  return {
    violations,
    exchanges,
    refusals,
    get excused() {
      return excused
    },
    get slowest() {
      return slowest
    },
    get slowestRefusal() {
      return slowestRefusal
    },
    violate,
    onExchange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    note(exchange) {
      const { kind, status, weather } = exchange
      const outcomes = exchanges.get(kind) ?? new Map<string, number>()
      exchanges.set(kind, outcomes)
      const outcome = status === 0 ? (exchange.body === 'ECONNREFUSED' ? 'refused' : 'lost') : String(status)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (status === 503) refusals.set(weather, (refusals.get(weather) ?? 0) + 1)
      if (status === 503 && isSlower(exchange, slowestRefusal)) slowestRefusal = exchange
      if (isSlower(exchange, slowest)) slowest = exchange
      judge(exchange)
      for (const listen of listeners) listen(exchange)
    },
  }
}

export const took = ({ sentAt, answeredAt }: Exchange): number => answeredAt - sentAt
