/** What is told of a request when it is over. */
export interface FinishedRequest {
  readonly method: string
  /** The pattern of the route; null when there is none. */
  readonly route: string | null
  /** Null when the caller went away before the response was finished. */
  readonly status: number | null
  readonly durationMs: number
  /** `success`, `stale`, `aborted`, or the error code of the response. */
  readonly outcome: string
  /** Of a request for tokens. */
  readonly grantType: string | undefined
}
