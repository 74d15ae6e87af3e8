import type { FastifyRequest } from 'fastify'
import type { Provenance } from '../audit/events.ts'

const LONGEST_USER_AGENT = 256

/** Where a request came from, for the audit. */
export const provenanceOf = (request: FastifyRequest, actor: 'client' | 'user' = 'client'): Provenance => ({
  actor,
  address: request.ip,
  userAgent: request.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null,
  requestId: request.id,
})
