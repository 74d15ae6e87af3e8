/** What of Signet's API this service uses, as a machine: a client with a secret that may read and write users. */
import type { Config } from './config.ts'

const TIME_LIMIT_MS = 10_000
/** A request that Signet puts off is sent again so often, if it is not put off for longer. */
const MOST_TRIES = 3
const LONGEST_WAIT_SECONDS = 10

/** Signet answered with an error. Its description never repeats what was sent. */
export class Refused extends Error {
  readonly status: number

  constructor(path: string, status: number, { error, error_description: description }: Members) {
    super(`${path}: ${status} ${error ?? ''} ${description ?? ''}`)
    this.status = status
  }
}

/** No answer came in time. What was asked for may have been done. */
export class Unreachable extends Error {}

type Members = Readonly<Record<string, unknown>>

interface Init {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | URLSearchParams
}

interface Surroundings {
  /** Aborted when this service ends. */
  readonly ending: AbortSignal
  readonly wait: (ms: number) => Promise<unknown>
}

/** For how long an answer puts the request off, when that is short enough to wait for: then nothing was done. */
function secondsToWait(path: string, { status, headers }: Response): number | undefined {
  // A user has enough tickets: nobody else is to wait for that.
  const isOfOne = status === 429 && path.endsWith('/password-tickets')
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return (status === 429 || status === 503) && !isOfOne && seconds <= LONGEST_WAIT_SECONDS ? seconds : undefined
}

async function membersOf(response: Response): Promise<Members> {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? (body as Members) : {}
}

/** @throws Unreachable when the answer came to an end too early, or is somebody else's */
function textIn(body: Members, name: string): string {
  const value = body[name]
  if (typeof value !== 'string') throw new Unreachable(`An answer has no ${name}.`)
  return value
}

export function createSignet(
  { issuer, clientId, clientSecret, pageClientId, role }: Config,
  { ending, wait }: Surroundings,
) {
  let held: { readonly token: string; readonly usableUntil: number } | undefined

  async function sendOnce(path: string, init: Init): Promise<Response> {
    const signal = AbortSignal.any([ending, AbortSignal.timeout(TIME_LIMIT_MS)])
    // Nobody else is to get the secret or a token, whoever answers.
    return fetch(issuer + path, { ...init, redirect: 'error', signal }).catch(error => {
      throw new Unreachable(`${issuer} can't be reached.`, { cause: error })
    })
  }

  async function send(path: string, init: Init): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      const response = await sendOnce(path, init)
      const seconds = secondsToWait(path, response)
      if (seconds === undefined || tries === MOST_TRIES) return response
      await response.body?.cancel()
      await wait(seconds * 1000)
    }
  }

  async function newToken(): Promise<string> {
    const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
    const response = await send('/oauth/token', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      // Signet's own API is one audience among others: a token for it has to be asked for.
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: issuer }),
    })
    const body = await membersOf(response)
    if (!response.ok) throw new Refused('/oauth/token', response.status, body)
    const token = textIn(body, 'access_token')
    // The last tenth of its life is left to the time that a request takes.
    held = { token, usableUntil: Date.now() + Number(body['expires_in']) * 900 }
    return token
  }

  /** @throws Refused, Unreachable */
  async function call(path: string, json?: object): Promise<Members> {
    const sendWith = (token: string) =>
      send(path, {
        headers: { authorization: `Bearer ${token}`, ...(json && { 'content-type': 'application/json' }) },
        ...(json && { method: 'POST', body: JSON.stringify(json) }),
      })
    const kept = held && Date.now() < held.usableUntil ? held.token : undefined
    let response = await sendWith(kept ?? (await newToken()))
    // It was revoked: once more with a fresh one.
    if (kept !== undefined && response.status === 401) {
      await response.body?.cancel()
      response = await sendWith(await newToken())
    }
    const body = await membersOf(response)
    if (!response.ok) throw new Refused(path.replace(/\?.*/s, ''), response.status, body)
    return body
  }

  return {
    /** Adds a user without a password. @returns the id, or undefined when the name can't be had */
    async addUser(username: string): Promise<string | undefined> {
      try {
        return textIn(await call('/admin/users', { username, roles: [role] }), 'user_id')
      } catch (error) {
        if (error instanceof Refused && [409, 422].includes(error.status)) return undefined
        throw error
      }
    },

    /** The id of the user who has this name now. */
    async findUser(username: string): Promise<string | undefined> {
      const { users } = await call(`/admin/users?username=${encodeURIComponent(username)}`)
      return (users as readonly { readonly user_id: string }[] | undefined)?.[0]?.user_id
    },

    /** Whoever has it sets a new password, once. @throws Refused 429 when enough of them wait for the user */
    async passwordTicket(userId: string): Promise<{ readonly ticket: string; readonly expires: Date }> {
      const path = `/admin/users/${encodeURIComponent(userId)}/password-tickets`
      const body = await call(path, { client_id: pageClientId })
      return { ticket: textIn(body, 'password_ticket'), expires: new Date(textIn(body, 'expires_at')) }
    },
  }
}

export type Signet = ReturnType<typeof createSignet>
