/** `signet keys` beside a running service. */
import type { Test } from 'tap'
import type { SigningKeyState } from '../../src/records/signing-key.ts'
import { commandLine } from './command-line.ts'
import { environmentOf, headerOf } from './serve.ts'
import { keyIn, kidsIn, publishedBy } from './signing-keys.ts'
import { change } from './sqlite.ts'
import { device, until, withAlice } from './status-list.ts'

/** What an operator may count on. */
const FOLLOWS_WITHIN_MS = 2000

interface Listed {
  readonly kid: string
  readonly state: string
  readonly activates_at: string | null
  readonly retires_at: string | null
}

/** A running service with the timer of a real one, and what commands on it say. */
export async function keyCommands(t: Test, environment: Readonly<Record<string, string>> = {}) {
  const service = await withAlice(t, { environment })
  const { json, text, refuses } = await commandLine(t, { ...(await environmentOf(service.folder)), ...environment })
  const list = (): Promise<Listed[]> => json(['keys', 'list'])
  const publishedKids = () => publishedBy(service)
  /** The key by which alice's new token is signed. */
  const signedBy = async (): Promise<string> => headerOf((await device(service)).access).kid
  return {
    ...{ json, text, refuses, where: service, list, publishedKids, signedBy },
    kidOf: (state: SigningKeyState): string => keyIn(service, state).kid,
    /** The standby has been published for the lead, as if a day had passed. */
    makeReady() {
      change(service.databaseFile, "update signing_keys set activates_at_ms = created_at_ms where state = 'pending'")
    },
    /** From the end of a command on, the service has this long to publish what the database says, and to sign with its active key. */
    async follows(t: Test) {
      const startedAt = performance.now()
      const kids = kidsIn(service, 'pending', 'active', 'retiring').sort()
      const isSo = async () => JSON.stringify(await publishedKids()) === JSON.stringify(kids)
      await until(isSo, FOLLOWS_WITHIN_MS).catch(() => undefined)
      t.strictSame(await publishedKids(), kids, `published after ${Math.round(performance.now() - startedAt)} ms`)
      t.equal(await signedBy(), keyIn(service, 'active').kid)
    },
  }
}
