/** Where nobody listens to events, the process is warned: a verifier that refuses all, or lets pass too much, must not be silent. */
import process from 'node:process'
import type { Report, VerifierEvent } from './environment.ts'

/** Heard by `process.on('warning')`, and silenced by `--disable-warning=SIGNET_VERIFIER`. */
export const warn = (message: string): void =>
  process.emitWarning(message, { type: 'SignetVerifierWarning', code: 'SIGNET_VERIFIER' })

/** Whoever answers at `discovery` is the issuer: that is said to the log, too, where somebody listens. */
export const warnOfInsecureDiscovery = (discovery: string): void =>
  warn(`The issuer is asked at ${discovery} by plain http (insecureDiscovery): whoever answers there is the issuer.`)

/** For whoever gives no listener. */
export const eventsToWarnings: Report = event => {
  const message = messageFor(event)
  if (message !== undefined) warn(message)
}

/** What comes from elsewhere is quoted, so that it stays in its line. */
const quoted = (text: string | undefined): string => JSON.stringify(text ?? '')

/** Undefined for what is said otherwise: by `createOutageWarning` or at the start. */
function messageFor(event: VerifierEvent): string | undefined {
  switch (event.type) {
    case 'outage':
      return event.document === 'token_endpoint' ? `No API keys can be exchanged. ${event.problem}` : undefined
    case 'recovery':
      return event.document === 'token_endpoint' ? 'API keys can be exchanged again.' : undefined
    case 'aged':
      return `The status list ${event.uri} comes with an Age of ${event.ageSeconds} s: revocations since are not known.`
    case 'fresh':
      return `The status list ${event.uri} comes without an Age again.`
    case 'key_left_out':
      return `The key ${quoted(event.kid)} of the issuer is not used: ${event.problem}.`
    case 'status_unchecked':
      return `An access token passed although its status list ${event.uri} was never loaded.`
    case 'api_key_not_exchanged':
      return `An API key may be good, but was not exchanged. ${event.problem}`
    default:
      return undefined
  }
}

/** A token service that says something else each time must not fill the log. */
const MAX_REASONS = 5

/**
 * Documents fail together, for one reason, so that one warning is for all: at the first failure, and when all is well again. Until all
 * was well once it may be what is set up, which shows only after what it waited for has come: so each reason is said once then.
 * @returns what is to be told after each round of polls what is wrong
 */
export function createOutageWarning(issuer: string): (problem: string | undefined) => void {
  const said = new Set<string>()
  let wasWell = false

  const isNews = (problem: string): boolean =>
    said.size === 0 || (!wasWell && !said.has(problem) && said.size < MAX_REASONS)

  return problem => {
    if (problem === undefined) {
      if (said.size > 0) warn(`The issuer ${issuer} can be asked again.`)
      said.clear()
      wasWell = true
    } else if (isNews(problem)) {
      said.add(problem)
      warn(`The issuer ${issuer} can't be asked. ${problem}`)
    }
  }
}
