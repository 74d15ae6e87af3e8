/** The program of go-clients/, which GO_CLIENTS names. */
import type { Test } from 'tap'
import { startLines } from './lines.ts'
import type { Got } from './machines.ts'

export type GoClient = 'x-oauth2' | 'prometheus' | 'otel'

/** Starts a client, in its own process and with nothing remembered, and answers what makes it ask for `url` once. */
export const startGoClient = (t: Test, name: GoClient, config: object, url: string): (() => Promise<Got>) =>
  startLines<Got>(t, process.env['GO_CLIENTS'] ?? 'go-clients', [name, JSON.stringify(config), url])
