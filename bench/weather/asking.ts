/** One HTTP request, through the balancer or to one instance, with a connection of its own. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Exchange, Journal, Kind } from './journal.ts'
import type { Sky } from './sky.ts'

/** Where a request goes. */
export interface Route {
  readonly port: number
  /** Undefined for the balancer, which says whom it chose. */
  readonly instance?: string
}

export interface Asked {
  readonly kind: Kind
  readonly who: string
  readonly route: Route
  readonly path: string
  readonly form?: Readonly<Record<string, string>>
  /** Where the request seems to come from. */
  readonly address?: string
}

export type Ask = (asked: Asked) => Promise<Exchange>

/** Nobody waits for longer; it hangs. */
const LONGEST_MS = 30_000

/** Told of the balancer: nobody could be connected to, or the connection ended without an answer. */
export const LOST = 'x-lost'

const secrets = /^(password|client_secret)$/
/** Enough of a token to find it elsewhere in a story. */
const shown = (name: string, value: string): string =>
  secrets.test(name)
    ? `${name}=…`
    : `${name}=${value.length > 44 ? `${value.slice(0, 18)}…${value.slice(-18)}` : value}`

export interface Sent {
  readonly port: number
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: string | undefined
}

/** @throws what Node tells of a connection that could not be made, or ended early */
export const send = ({ port, path, method, headers, body }: Sent, longestMs = LONGEST_MS): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, resolve)
    outgoing.once('error', reject)
    outgoing.setTimeout(longestMs, () => outgoing.destroy(new Error(`no answer within ${longestMs} ms`)))
    outgoing.end(body)
  })

export async function textOf(message: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of message.setEncoding('utf8')) text += chunk
  return text
}

export function createAsking(sky: Sky, journal: Journal): Ask {
  return async ({ kind, who, route, path, form, address = '10.0.0.1' }) => {
    const body = form === undefined ? undefined : new URLSearchParams(form).toString()
    const method = form === undefined ? 'GET' : 'POST'
    const words = Object.entries(form ?? {}).map(([name, value]) => shown(name, value))
    const sentAt = performance.now()
    const headers = {
      'x-forwarded-for': address,
      ...(body !== undefined && {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      }),
    }
    const answer = await send({ port: route.port, path, method, headers, body })
      .then(async message => ({ message, text: await textOf(message) }))
      .catch((error: Error & { code?: string }) => error)
    const answeredAt = performance.now()
    const weather = sky.nameOf(sentAt, answeredAt)
    const told = { kind, who, path, request: [method, path, ...words].join(' '), sentAt, weather }
    const isLost = answer instanceof Error || answer.message.headers[LOST] !== undefined
    const exchange: Exchange = isLost
      ? {
          ...{ ...told, answeredAt, status: 0, headers: {} },
          body: answer instanceof Error ? (answer.code ?? answer.message) : answer.text,
          instance: answer instanceof Error ? route.instance : instanceOf(answer.message),
        }
      : {
          ...{ ...told, answeredAt, status: answer.message.statusCode ?? 0, headers: answer.message.headers },
          body: answer.text,
          instance: route.instance ?? instanceOf(answer.message),
        }
    journal.note(exchange)
    return exchange
  }
}

export const INSTANCE = 'x-instance'
const instanceOf = ({ headers }: IncomingMessage): string | undefined => headers[INSTANCE]?.toString()
