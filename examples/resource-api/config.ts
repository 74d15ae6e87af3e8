/** The configuration of the example: environment variables, every mistake reported at once. */

export interface Config {
  /** The token service. */
  readonly issuer: string
  /** What this service is called in the `aud` of its access tokens. */
  readonly audience: string
  /** The client that the login page is at the token service. */
  readonly clientId: string
  /** Where the forms for a sign-up and a forgotten password are sent; without it the page has none. */
  readonly accountBackend: string | undefined
  /** What the sign-in form tells people; everybody who opens the page reads it. */
  readonly signInHint: string | undefined
  readonly port: number
}

export class ConfigError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>

/** Without a slash at the end, as verifiers compare it: byte for byte. */
const isIssuer = (text: string): boolean => /^https?:\/\/[^/?#]+(\/[^?#]*[^/?#])?$/.test(text) && URL.canParse(text)

const isUri = (text: string): boolean => URL.canParse(text) && !text.includes('#')

const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text

const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535

/** @throws ConfigError that names every variable whose value is no good */
export function readConfig(environment: Environment): Config {
  const mistakes: string[] = []
  const read = (name: string, byDefault: string, isGood: (text: string) => boolean, rule: string): string => {
    const value = environment[name] ?? byDefault
    if (isGood(value)) return value
    mistakes.push(`${name} is ${JSON.stringify(value)}: ${rule}. Example: ${name}=${byDefault}`)
    return byDefault
  }

  const port = read('PORT', '8080', isPort, 'it must be a whole number from 1 to 65535')
  const readOrigin = (name: string, example: string): string | undefined =>
    environment[name] === undefined
      ? undefined
      : read(name, example, isOrigin, 'it must be an origin, without a path or a slash at its end')
  const config = {
    issuer: read('SIGNET_ISSUER', 'http://127.0.0.1:3000', isIssuer, 'it must be a URL without a slash at its end'),
    audience: read('AUDIENCE', `http://127.0.0.1:${port}`, isUri, 'it must be an absolute URI without a fragment'),
    clientId: read('CLIENT_ID', 'login-page', text => text !== '', 'it must not be empty'),
    accountBackend: readOrigin('ACCOUNT_BACKEND', 'http://127.0.0.1:8082'),
    signInHint: environment['SIGN_IN_HINT'],
    port: Number(port),
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes.join('\n'))
  return config
}
