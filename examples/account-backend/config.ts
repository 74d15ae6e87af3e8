/** The configuration of the example: environment variables, every mistake reported at once. */

export interface Config {
  /** The token service. */
  readonly issuer: string
  /** What this service is at the token service: a machine that may add users and make password tickets. */
  readonly clientId: string
  readonly clientSecret: string
  /** The origins of the page that has the forms. The links in mails lead to the first. */
  readonly pages: readonly [string, ...string[]]
  /** The client that the page is: it redeems the tickets. */
  readonly pageClientId: string
  /** What people who sign up get. */
  readonly role: string
  readonly port: number
}

export class ConfigError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>

/** Without a slash at the end, as it stands in `iss`. */
const isIssuer = (text: string): boolean => /^https?:\/\/[^/?#]+(\/[^?#]*[^/?#])?$/.test(text) && URL.canParse(text)

const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text

const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535

const isListOfOrigins = (text: string): boolean => text.split(' ').every(isOrigin)

const isThere = (text: string): boolean => text !== ''

/** @throws ConfigError that names every variable whose value is no good */
export function readConfig(environment: Environment): Config {
  const mistakes: string[] = []
  const read = (name: string, byDefault: string, isGood: (text: string) => boolean, rule: string): string => {
    const value = environment[name] ?? byDefault
    if (isGood(value)) return value
    mistakes.push(`${name} is ${JSON.stringify(value)}: ${rule}. Example: ${name}=${byDefault}`)
    return byDefault
  }

  const clientSecret = environment['CLIENT_SECRET'] ?? ''
  if (clientSecret === '') mistakes.push('CLIENT_SECRET is missing: it is what `signet clients add` has printed.')
  const config = {
    issuer: read('SIGNET_ISSUER', 'http://127.0.0.1:3000', isIssuer, 'it must be a URL without a slash at its end'),
    clientId: read('CLIENT_ID', 'backend', isThere, 'it must not be empty'),
    clientSecret,
    pages: read(
      'PAGE',
      'http://127.0.0.1:8080',
      isListOfOrigins,
      'it must be an origin without a path or a slash at its end, or several with a space in between',
    ).split(' ') as [string, ...string[]],
    pageClientId: read('PAGE_CLIENT_ID', 'login-page', isThere, 'it must not be empty'),
    role: read('ROLE', 'reader', isThere, 'it must not be empty'),
    port: Number(read('PORT', '8082', isPort, 'it must be a whole number from 1 to 65535')),
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes.join('\n'))
  return config
}
