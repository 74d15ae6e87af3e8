/** `signet keys` beside a running service. */
import type { Test } from 'tap'
import type { SigningKeyState } from '../../src/records/signing-key.ts'
import { commandLine } from './command-line.ts'
import { aroundReads } from './reads.ts'
import { environmentOf, headerOf } from './serve.ts'
import { keyIn, kidsIn, publishedBy } from './signing-keys.ts'
import { change } from './sqlite.ts'
import { device, until, withAlice } from './status-list.ts'

/** Half a second apart: what an operator may count on. */
const MOST_LOOKS = 2

interface Listed {
  readonly kid: string
  readonly state: string
  readonly activates_at: string | null
  readonly retires_at: string | null
}

/** A running service with the timer of a real one, and what commands on it say. */
export async function keyCommands(t: Test, environment: Readonly<Record<string, string>> = {}) {
  let [looks, looksBefore]: [number, number | undefined] = [0, undefined]
  const read = aroundReads((store, call) => {
    if (store === 'pulse') looks += 1
    if (store === 'signingKeys') looksBefore ??= looks
    return call()
  })
  const service = await withAlice(t, { environment, faults: { read } })
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
    /** From the end of a command on, the service begins within two looks to publish what the database says, and to sign with its active key. */
    async follows(t: Test) {
      ;[looks, looksBefore] = [0, undefined]
      const kids = kidsIn(service, 'pending', 'active', 'retiring').sort()
      await until(async () => JSON.stringify(await publishedKids()) === JSON.stringify(kids))
      // Without any, it had followed before this was asked.
      t.ok((looksBefore ?? 0) <= MOST_LOOKS, `${looksBefore} looks`)
      t.equal(await signedBy(), keyIn(service, 'active').kid)
    },
  }
}
