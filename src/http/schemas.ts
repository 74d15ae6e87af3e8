/** JSON schemas that several routes share; openapi.yaml is made from them. */

export const errorSchema = {
  type: 'object',
  required: ['error', 'error_description'],
  properties: {
    error: { type: 'string', description: 'A code, from the RFC of the endpoint where it has one.' },
    error_description: { type: 'string', description: 'Helps the developer who reads it. Not meant for programs.' },
  },
} as const

export const errorResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: errorSchema } },
})

export const tooMany = (why: string) => errorResponse(`\`too_many_requests\`, with Retry-After: ${why}`)

/** Where an `Authorization: Basic` was sent, it is 401 to a page, too. */
export const invalidClientOfPage = '`invalid_client` to a web page that sent no `Authorization: Basic`'

/** What every endpoint answers at which clients authenticate, beside its own 400. */
export const clientErrors = {
  401: errorResponse('`invalid_client`, with WWW-Authenticate'),
  403: errorResponse('`origin_not_allowed`: a web page whose origin the client has not registered'),
  413: errorResponse('`invalid_request`: the body is larger than 16 KiB'),
  415: errorResponse('`invalid_request`: not a form in UTF-8'),
  429: tooMany('too many wrong client secrets from this address'),
  503: errorResponse('`temporarily_unavailable`, with Retry-After'),
} as const

/** Of an endpoint for signed-in users. */
export const ofUser = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ['Me'],
  security: [{ bearer: [] as string[] }, { oauth2: [] as string[] }],
})

export const json = <S>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
})

export const nothing = { description: 'Done', type: 'null' } as const

export const bearerErrors = {
  400: errorResponse('`invalid_request`'),
  401: errorResponse('`missing_token` or `invalid_token`, with WWW-Authenticate (RFC 6750 §3)'),
  403: errorResponse(
    '`origin_not_allowed`: a web page whose origin the client has not registered; `insufficient_scope`: the token speaks of no user',
  ),
  503: errorResponse('`temporarily_unavailable`, with Retry-After'),
} as const

const fieldErrorsSchema = {
  ...errorSchema,
  properties: {
    ...errorSchema.properties,
    errors: {
      type: 'array',
      description: 'What is wrong with which member of the body.',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: {
          field: { type: 'string', description: 'Empty: the body as a whole.' },
          message: { type: 'string', description: 'For whoever fills in the form.' },
        },
      },
    },
  },
} as const

export const fieldErrors = (description: string) => json(description, fieldErrorsSchema)
