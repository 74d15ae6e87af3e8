/** Protected resource metadata (RFC 9728): tells whoever comes without a token where to get one. */
import { assertKnownNames } from '../known-names.ts'
import { assertIdentifier } from '../safe-url.ts'
import { isScopeToken } from './route-requirements.ts'

export interface ResourceMetadataOptions {
  /** The permissions that the service knows. */
  readonly scopes?: readonly string[] | undefined
}

/** The document, and where it lies. */
export interface ResourceMetadata {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether a request asks for it. @param path without the query */
  readonly isAskedFor: (method: string | undefined, path: string) => boolean
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/**
 * @param resource the audience of the service; the Host header of a request is never looked at
 * @throws TypeError for an audience that is no place to ask, or scopes that are none
 */
export function describeResource(resource: string, issuer: string, options: ResourceMetadataOptions): ResourceMetadata {
  assertKnownNames(options, ['scopes'], 'resourceMetadata')
  const { scopes = [] } = options
  assertIdentifier(resource, 'With resourceMetadata the first audience')
  const { origin, pathname } = new URL(resource)
  // Routers read other characters each in their own way.
  if (!/^[\w./~-]*$/.test(pathname))
    throw new TypeError('With resourceMetadata the path of the first audience has letters, digits and - . _ ~ only.')
  if (!Array.isArray(scopes) || !scopes.every(isScopeToken))
    throw new TypeError('resourceMetadata.scopes must be an array of permissions.')
  // §3.1: the slash that ends the host goes, one that ends a path stays.
  const path = `${WELL_KNOWN}${pathname === '/' ? '' : pathname}`
  // §3.2: what is empty is left out.
  const body = JSON.stringify({
    resource,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    ...(scopes.length > 0 && { scopes_supported: scopes }),
  })
  return {
    url: `${origin}${path}`,
    path,
    headers: {
      'Access-Control-Allow-Origin': '*',
      'Cache-Control': 'public, max-age=300',
      'Content-Length': String(Buffer.byteLength(body)),
      'Content-Type': 'application/json; charset=utf-8',
    },
    body,
    isAskedFor: (method, asked) => asked === path && (method === 'GET' || method === 'HEAD'),
  }
}
