import type { FastifyRequest } from 'fastify'
import type { Provenance } from '../records/audit-event.ts'
import { addressIn } from './forwarded.ts'

const LONGEST_USER_AGENT = 256

/**
 * The caller's address, as far as trusted proxies tell it. One that passes X-Forwarded-For on as it came lets anybody write
 * anything there: what is no address is none.
 */
export const addressOf = ({ ip }: FastifyRequest): string | null => addressIn(ip ?? '') ?? null

/** Where a request came from, for the audit. */
export const provenanceOf = (request: FastifyRequest, actor: 'client' | 'user' = 'client'): Provenance => ({
  actor,
  address: addressOf(request),
  userAgent: request.headers['user-agent']?.replace(/\p{C}/gu, '').slice(0, LONGEST_USER_AGENT) ?? null,
  requestId: request.id,
})
