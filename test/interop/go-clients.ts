/** The program of go-clients/, which GO_CLIENTS names. */
import type { Test } from 'tap'
import { startLines } from './lines.ts'

/** What a resource answered. */
export interface Got {
  readonly status?: number
  readonly body?: string
  /** What the client shows when it got no token. */
  readonly error?: string
}

export type GoClient = 'x-oauth2' | 'prometheus' | 'otel'

/** Starts a client, in its own process and with nothing remembered, and answers what makes it ask for `url` once. */
export const startGoClient = (t: Test, name: GoClient, config: object, url: string): (() => Promise<Got>) =>
  startLines<Got>(t, process.env['GO_CLIENTS'] ?? 'go-clients', [name, JSON.stringify(config), url])
