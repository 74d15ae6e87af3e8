/** The header `traceparent` (W3C Trace Context §3.2): which trace a request belongs to. It goes into log lines, and nothing else depends on it. */
import type { FastifyRequest } from 'fastify'

/** `trace_id` as OpenTelemetry names it in logs; the span is the caller's, since this service makes none. */
export interface TraceContext {
  readonly trace_id: string
  readonly parent_span_id: string
}

const none: Partial<TraceContext> = {}

const form =
  /^(?!ff)(?<version>[0-9a-f]{2})-(?!0{32})(?<trace>[0-9a-f]{32})-(?!0{16})(?<parent>[0-9a-f]{16})-[0-9a-f]{2}(?<more>-.*)?$/

/** Empty without a valid one. A version that is not known yet may say more behind what this one says (§4.1). */
export function traceContextOf({ headers }: FastifyRequest): Partial<TraceContext> {
  const header = headers['traceparent']
  if (typeof header !== 'string') return none
  const { version, trace, parent, more } = form.exec(header)?.groups ?? {}
  if (trace === undefined || parent === undefined || (version === '00' && more !== undefined)) return none
  return { trace_id: trace, parent_span_id: parent }
}
