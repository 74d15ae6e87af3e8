/** What the routes of /admin have in common in openapi.yaml. */
import type { OwnPermission } from '../../../records/role.ts'
import { errorResponse, fieldErrors } from '../../schemas.ts'

/** More than a list of names needs. */
export const ADMIN_BODY_LIMIT_BYTES = 256 * 1024

/** What each route is made with: JSON comes in, and what is wrong with it is said member by member. */
export const adminConfig = { takesJson: true, tellsFields: { password: 'password' } } as const

/** @param permission what it takes, in the token and now */
export const ofAdministrator = (operationId: string, summary: string, permission: OwnPermission) => ({
  operationId,
  summary,
  description: `It takes the permission \`${permission}\`.`,
  tags: ['Administration'],
  security: [{ bearer: [] as string[] }, { oauth2: [] as string[] }],
})

const readErrors = {
  400: errorResponse('`invalid_request`'),
  401: errorResponse('`missing_token` or `invalid_token`, with WWW-Authenticate (RFC 6750 §3)'),
  403: errorResponse(
    '`insufficient_scope`: the permission is not in the token, or its user or client no longer has it; `origin_not_allowed`: a web page whose origin the client has not registered',
  ),
  503: errorResponse('`temporarily_unavailable`, with Retry-After'),
} as const

const notFoundError = { 404: errorResponse('`not_found`') } as const

const writeErrors = {
  ...readErrors,
  401: errorResponse(
    '`missing_token`, `invalid_token`; `insufficient_user_authentication`: the sign-in of a person is older than 30 minutes (RFC 9470 §3)',
  ),
  403: errorResponse(
    '`insufficient_scope`: the act reaches beyond the token, or beyond what its user or client has now; `origin_not_allowed`',
  ),
  409: errorResponse('`conflict`'),
  412: errorResponse('`precondition_failed`: it is no longer what If-Match names'),
  413: errorResponse('`invalid_request`: the body is larger than 256 KiB'),
  415: errorResponse('`invalid_request`: not JSON in UTF-8'),
  422: fieldErrors('`invalid_request`, with `errors`'),
} as const

/** Of a list, of a single resource, of an act that makes something, of one that changes or ends something. */
export const errorsOf = {
  list: readErrors,
  read: { ...readErrors, ...notFoundError },
  creation: writeErrors,
  change: { ...writeErrors, ...notFoundError },
} as const

export const notModified = { 304: { description: 'It is what If-None-Match names', type: 'null' } } as const

/** @param isNeeded whether the change is refused without it (428) */
export const ifMatch = (isNeeded = false) => ({
  type: 'object',
  properties: {
    'if-match': {
      type: 'string',
      description: isNeeded ? 'The ETag of what is changed; it is needed.' : 'The ETag of what is changed.',
    },
  },
  ...(isNeeded && { required: ['if-match'] }),
})

export const preconditionRequired = {
  428: errorResponse('`precondition_required`: If-Match is needed, so that no right is taken away unseen'),
} as const

/** @param name the one parameter of the path */
export const pathOf = (name: string, description: string) => ({
  type: 'object',
  required: [name],
  properties: { [name]: { type: 'string', description } },
})
