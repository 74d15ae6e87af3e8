/** Requests and grants: how many, how they ended, and how long they took. */
import { Counter, Histogram, type Registry } from 'prom-client'
import { grantTypes } from '../records/client.ts'
import type { FinishedRequest } from '../records/finished-request.ts'

/** Callers choose the method: those that no route has are one. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** There from the start, so that the first one is seen as an increase. */
const outcomesWatched = ['success', 'server_error', 'temporarily_unavailable']

/** By grant type and outcome; handed to the client when somebody looks, whose counters cost many times as much. */
function createGrantCounts(register: Registry): (grantType: string, outcome: string) => void {
  const byType = new Map<string, Map<string, number>>()
  for (const grantType of grantTypes) byType.set(grantType, new Map(outcomesWatched.map(outcome => [outcome, 0])))
  new Counter({
    name: 'signet_grants_total',
    help: 'Requests for tokens, by grant type and outcome: success, aborted, or the error code.',
    labelNames: ['grant_type', 'outcome'],
    registers: [register],
    collect() {
      this.reset()
      for (const [grant_type, byOutcome] of byType)
        for (const [outcome, count] of byOutcome) this.inc({ grant_type, outcome }, count)
    },
  })

  return (grantType, outcome) => {
    const byOutcome = byType.get(grantType) ?? new Map<string, number>()
    byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + 1)
    byType.set(grantType, byOutcome)
  }
}

export function createRequestMetrics(register: Registry): (request: FinishedRequest) => void {
  const registers = [register]
  const requests = new Histogram({
    name: 'signet_http_request_duration_seconds',
    help: 'Requests on both ports, by route, method and class of status; aborted when the caller went away.',
    labelNames: ['route', 'method', 'status'],
    buckets,
    registers,
  })
  const countGrant = createGrantCounts(register)
  const durations = new Histogram({
    name: 'signet_grant_duration_seconds',
    help: 'Requests that got tokens, by grant type.',
    labelNames: ['grant_type'],
    buckets,
    registers,
  })

  return ({ method, route, status, durationMs, outcome, grantType: grant_type }) => {
    const seconds = durationMs / 1000
    const labels = {
      route: route ?? 'none',
      method: methods.has(method) ? method : 'other',
      status: status === null ? 'aborted' : `${Math.floor(status / 100)}xx`,
    }
    requests.observe(labels, seconds)
    if (grant_type === undefined) return
    countGrant(grant_type, outcome)
    if (outcome === 'success') durations.observe({ grant_type }, seconds)
  }
}
