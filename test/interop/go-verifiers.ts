/** The program of go-verifiers/, which GO_VERIFIERS names. */
import type { Test } from 'tap'
import { startLines } from './lines.ts'

export interface Verdict {
  readonly user?: string
  readonly groups?: readonly string[]
  readonly error?: string
}

/** Starts a verifier, in its own process and with nothing remembered, and answers what it says of a token. */
export const startVerifier = (t: Test, name: 'kubernetes' | 'vault', words: readonly string[]) =>
  startLines<Verdict>(t, process.env['GO_VERIFIERS'] ?? 'go-verifiers', [name, ...words])
