/** /admin/audit: what happened, to be looked at. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type AuditSearch, parseWhen, type When } from '../../../audit/search.ts'
import type { AuditTrail } from '../../../audit/trail.ts'
import { invalidRequest } from '../../../oauth/oauth-error.ts'
import { auditEventTypesOf, auditEventWords, auditOutcomes } from '../../../records/audit-event.ts'
import { canonicalAddress } from '../../../records/network.ts'
import { auditEventSchema, describeAuditEvent } from '../../../representations/audit-event.ts'
import type { Administration } from '../../administration.ts'
import {
  pageBodyUpTo,
  pageOf,
  pageQuery,
  pageSchema,
  positionIn,
  positionKey,
  queryParameter,
  queryWord,
} from '../../paging.ts'
import { json } from '../../schemas.ts'
import { adminConfig as config, errorsOf, ofAdministrator } from './schemas.ts'

export interface AuditRoutesOptions {
  readonly administration: Administration
  readonly auditPage: AuditTrail['page']
}

/** @throws OAuthError invalid_request */
function typesIn(request: FastifyRequest): readonly string[] | undefined {
  const words = queryParameter(request, 'type')?.split(',')
  return words?.flatMap(word => {
    const types = auditEventTypesOf(word)
    if (types.length === 0) throw invalidRequest(`The parameter type has words of ${auditEventWords.join(', ')}.`)
    return types
  })
}

/** @throws OAuthError invalid_request */
function whenIn(request: FastifyRequest, name: 'since' | 'until'): When | undefined {
  const text = queryParameter(request, name)
  const when = text === undefined ? undefined : parseWhen(text)
  if (text !== undefined && when === undefined)
    throw invalidRequest(
      `The parameter ${name} is a time such as 2026-03-01T22:30:00Z, a day, or a duration such as 12h; a + is written %2B.`,
    )
  return when
}

/** @throws OAuthError invalid_request */
function addressIn(request: FastifyRequest): string | undefined {
  const address = queryParameter(request, 'address')
  if (address !== undefined && (address.includes('%') || canonicalAddress(address) === undefined))
    throw invalidRequest('The parameter address is an IP address.')
  return address
}

const searchIn = (request: FastifyRequest): AuditSearch => ({
  userId: queryParameter(request, 'user_id'),
  client: queryParameter(request, 'client_id'),
  types: typesIn(request),
  outcome: queryWord(request, 'outcome', auditOutcomes),
  address: addressIn(request),
  since: whenIn(request, 'since'),
  until: whenIn(request, 'until'),
})

const when = (description: string) => ({
  type: 'string',
  description: `${description}: a day or a time in ISO 8601, or how long ago, such as \`12h\`.`,
  examples: ['2026-03-01T22:30:00Z'],
})

const filters = {
  user_id: { type: 'string', description: 'What was done by, to and as this user.' },
  client_id: {
    type: 'string',
    description: 'The same of whatever client has or had this id, and what was tried with it while none had.',
  },
  type: {
    type: 'string',
    description: 'Types, or nouns such as `session` for all of its types, separated by commas.',
    examples: ['session,user.sign_in'],
  },
  outcome: { type: 'string', enum: auditOutcomes },
  address: { type: 'string', description: 'From this IP address, in whatever spelling.' },
  since: when('Not before'),
  until: when('Before'),
} as const

export function auditRoutes(app: FastifyInstance, { administration, auditPage }: AuditRoutesOptions): void {
  app.route({
    method: 'GET',
    url: '/admin/audit',
    config,
    schema: {
      ...ofAdministrator('listAuditEvents', 'What happened', 'signet:audit:read'),
      description:
        'It takes the permission `signet:audit:read`. All that is given must be true. What is rare is looked for in 100,000 events a ' +
        'request: a page may have fewer events than `limit`, or none, and is the last one only when it has no `next_cursor`.',
      querystring: pageQuery(filters),
      response: { 200: json('Events, the newest first', pageSchema('events', auditEventSchema)), ...errorsOf.list },
    },
    handler: async (request: FastifyRequest) => {
      await administration.mayRead(request, 'signet:audit:read')
      const { limit, after } = pageOf(request)
      const { events, next } = await auditPage(searchIn(request), positionIn(after), limit)
      return pageBodyUpTo('events', events.map(describeAuditEvent), next && positionKey(next))
    },
  })
}
