/** What a route asks of a token. It is checked when the route is set up: its names go into headers later. */
import { assertKnownNames } from '../known-names.ts'
import type { Mode } from '../options.ts'

export interface RouteOptions {
  /** Overrides the verifier's own mode for this route. */
  readonly mode?: Mode | undefined
}

export interface Requirement extends RouteOptions {
  readonly role?: string
  readonly permission?: string
}

/** The middlewares of a framework, each of which is a `Handler` there. All of them authenticate by themselves. */
export interface Middlewares<Handler> {
  /** Asks for a good access token, whatever it permits. */
  readonly authenticate: Handler
  /** The same with options. @throws TypeError for an unknown mode */
  readonly requireToken: (options?: RouteOptions) => Handler
  /** Asks for a token with this role. @throws TypeError when it is no name or the mode is unknown */
  readonly requireRole: (role: string, options?: RouteOptions) => Handler
  /** Asks for a token with this permission in its scope. @throws TypeError when it is no scope-token or the mode is unknown */
  readonly requirePermission: (permission: string, options?: RouteOptions) => Handler
}

const MODES: readonly unknown[] = [undefined, 'lenient', 'strict']

function assertOptions(options: RouteOptions): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('The options of a route are an object.')
  assertKnownNames(options, ['mode'], 'a route')
  if (!MODES.includes(options.mode)) throw new TypeError("The mode of a route is 'lenient' or 'strict'.")
}

function assertRole(role: unknown): void {
  if (typeof role !== 'string' || role === '') throw new TypeError('requireRole takes the name of a role.')
}

/** RFC 6749 §3.3 */
export const isScopeToken = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)

function assertPermission(permission: unknown): void {
  if (isScopeToken(permission)) return
  throw new TypeError('requirePermission takes one permission: printable ASCII without spaces, quotes and backslashes.')
}

/** @param handlerFor makes the framework's handler which lets pass whoever meets a requirement */
export function createMiddlewares<Handler>(handlerFor: (requirement: Requirement) => Handler): Middlewares<Handler> {
  return {
    authenticate: handlerFor({}),
    requireToken(options = {}) {
      assertOptions(options)
      return handlerFor({ mode: options.mode })
    },
    requireRole(role, options = {}) {
      assertRole(role)
      assertOptions(options)
      return handlerFor({ role, mode: options.mode })
    },
    requirePermission(permission, options = {}) {
      assertPermission(permission)
      assertOptions(options)
      return handlerFor({ permission, mode: options.mode })
    },
  }
}
