/** What can go wrong with a request, and how it is told to people. */

const TIME_LIMIT_MS = 10_000

/** A service answered with an error. */
export class Refused extends Error {
  constructor({ status, headers }, { error, error_description: description, errors = [] } = {}) {
    super(description ?? `The service answered with the error ${status}.`)
    this.status = status
    this.code = error
    /** What is wrong with single fields. */
    this.errors = errors
    this.retryAfter = headers.get('retry-after')
  }
}

/** No answer came: the network, the service, or the origin of this page, which browsers tell scripts nothing about. */
export class Unreachable extends Error {
  constructor(url) {
    super(`${new URL(url, location.href).origin} can't be reached, or it doesn't allow pages of ${location.origin}.`)
  }
}

/** Something else has answered in the place of the service. */
export class NotUnderstood extends Error {
  constructor(url) {
    super(`The answer of ${new URL(url, location.href).origin} is not JSON.`)
  }
}

export class SessionEnded extends Error {
  constructor() {
    super('Your session has ended. Please sign in again.')
  }
}

/** @throws Unreachable, also when the `signal` has aborted it */
export async function send(url, { signal, ...init } = {}) {
  const signals = [AbortSignal.timeout(TIME_LIMIT_MS), ...(signal ? [signal] : [])]
  try {
    return await fetch(url, { ...init, signal: AbortSignal.any(signals) })
  } catch {
    throw new Unreachable(url)
  }
}

/** What an answer holds; undefined when it has no body (204). @throws NotUnderstood, Refused, Unreachable */
export async function readAnswer(response) {
  if (response.status === 204) return undefined
  const text = await response.text().catch(() => {
    throw new Unreachable(response.url)
  })
  const body = parse(text)
  if (!response.ok) throw new Refused(response, body)
  if (body === undefined) throw new NotUnderstood(response.url)
  return body
}

/** @returns undefined when it is no object in JSON, as a proxy's page in HTML */
function parse(text) {
  try {
    const value = JSON.parse(text)
    return value instanceof Object ? value : undefined
  } catch {
    return undefined
  }
}

/** Passes `error` on; with this code it is said at a field of the form, in these words or its own. */
export function atField(error, code, field, message = error.message) {
  if (error.code === code) error.errors = [{ field, message }]
  throw error
}

export function inWords(error) {
  if (error.status === 429 || error.status === 503) {
    const when = error.retryAfter === null ? 'later' : `in ${error.retryAfter} seconds`
    return `The service is busy. Please try again ${when}.`
  }
  return error.message
}
