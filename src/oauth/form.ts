/** The parameters of a request in application/x-www-form-urlencoded (RFC 6749 §3.2, Appendix B). */
import { invalidRequest, OAuthError } from './oauth-error.ts'

/** A parameter that was sent without a value counts as absent (RFC 6749 §3.2). */
export type FormParameters = Readonly<Partial<Record<string, string>>>

/**
 * One name or value.
 * @throws URIError when the percent-encoding is broken, is not UTF-8, or has a NUL, which no database column takes
 */
export function decodeFormComponent(encoded: string): string {
  const decoded = /[%+]/.test(encoded) ? decodeURIComponent(encoded.replaceAll('+', ' ')) : encoded
  if (decoded.includes('\0')) throw new URIError('NUL')
  return decoded
}

/** Parameters must not be included more than once (RFC 6749 §3.2); a doubled `resource` has a code of its own (RFC 8707 §2). */
function assertNew(names: ReadonlySet<string>, name: string): void {
  if (!names.has(name)) return
  if (name === 'resource') throw new OAuthError('invalid_target', 'Only one resource may be asked for in a request.')
  throw invalidRequest('A parameter is included more than once.')
}

/** @throws OAuthError invalid_request, invalid_target */
export function parseForm(body: string): FormParameters {
  const parameters: Record<string, string> = Object.create(null)
  const names = new Set<string>()
  for (const pair of body.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decode(at === -1 ? pair : pair.slice(0, at))
    const value = at === -1 ? '' : decode(pair.slice(at + 1))
    assertNew(names, name)
    names.add(name)
    if (value !== '') parameters[name] = value
  }
  return parameters
}

/**
 * The parameters that a request can't do without.
 * @throws OAuthError invalid_request, which names those that are missing
 */
export function needed<const Name extends string>(
  parameters: FormParameters,
  ...names: readonly Name[]
): Record<Name, string> {
  const missing = names.filter(name => parameters[name] === undefined)
  if (missing.length === 0) return parameters as Record<Name, string>
  throw invalidRequest(
    missing.length === 1
      ? `The parameter ${missing[0]} is missing.`
      : `The parameters ${missing.join(' and ')} are missing.`,
  )
}

function decode(encoded: string): string {
  try {
    return decodeFormComponent(encoded)
  } catch {
    throw invalidRequest('The body has a broken percent-encoding, is not UTF-8, or has a NUL.')
  }
}
