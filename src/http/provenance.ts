import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Provenance } from '../records/audit-event.ts'

const LONGEST_USER_AGENT = 256

/**
 * The caller's address, as far as trusted proxies tell it. One that passes X-Forwarded-For on as it came lets anybody write
 * anything there: what is no address is none.
 */
export const addressOf = ({ ip, socket }: FastifyRequest): string | null =>
  ip === socket.remoteAddress || isIP(ip) !== 0 ? (ip ?? null) : null

/** Where a request came from, for the audit. */
export const provenanceOf = (request: FastifyRequest, actor: 'client' | 'user' = 'client'): Provenance => ({
  actor,
  address: addressOf(request),
  userAgent: request.headers['user-agent']?.replace(/\p{C}/gu, '').slice(0, LONGEST_USER_AGENT) ?? null,
  requestId: request.id,
})
