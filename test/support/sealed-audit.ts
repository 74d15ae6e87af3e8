/** An audit with some seals, and how it is verified. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createContainer } from '../../src/compose/container.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { type TestClock, testClock } from './clock.ts'
import { commandLine } from './command-line.ts'
import { byTest, type ServeOptions, serve, temporaryFolder } from './serve.ts'
import { select } from './sqlite.ts'

/** What `signet audit verify --json` says. */
export interface Verdict {
  readonly ok: boolean
  readonly head: string | null
  readonly first_seal: number | null
  readonly seals: number
  readonly sealed_events: number
  readonly unsealed_events: number
  readonly problems: readonly {
    readonly message: string
    readonly seal: number | null
    readonly event: string | null
  }[]
  readonly warnings: readonly string[]
}

/** A service whose audit is sealed, and that does nothing but what `happen` lets it do. */
export async function sealedAudit(t: Test, options: ServeOptions & { readonly clock?: TestClock } = {}) {
  const clock = options.clock ?? testClock()
  const service = await serve(t, { ...options, clock, seals: true })
  // What its start has made, whether or not the sealer was there already.
  await service.seal()
  const operator = await commandLine(t, service.environment, clock)
  let roles = 0

  /** So many events, in a seal of their own, if the sealer does not come in between; a minute later. */
  async function happen(events: number): Promise<void> {
    for (let event = 0; event < events; event += 1) {
      roles += 1
      await service.roles.add({ name: `role-${clock.now()}-${roles}`, permissions: ['posts:read'] }, byTest)
    }
    await service.seal()
    clock.advance(60_000)
  }

  /** @returns the verdict, with the exit code that goes with it */
  async function verify(...words: readonly string[]): Promise<Verdict> {
    const { code, stdout, stderr } = await operator.run(['audit', 'verify', '--json', ...words])
    if (stdout === '') throw new Error(stderr)
    const verdict: Verdict = JSON.parse(stdout)
    t.equal(code, verdict.ok ? 0 : 1)
    return verdict
  }

  /** @returns its text, as it is given to --public-key */
  const publicKey = async (): Promise<string> => (await operator.json(['audit', 'key'])).at(-1).public_key

  return { ...operator, service, clock, happen, verify, publicKey, file: service.databaseFile }
}

export const sealsIn = (file: string) => select(file, 'select * from audit_seals order by number')

/** Copies of a SQLite file, each with what verifies it in this process. */
export function copiesOf(t: Test, file: string, environment: Readonly<Record<string, string>>, clock: TestClock) {
  const folder = temporaryFolder(t)
  let copies = 0
  return () => {
    copies += 1
    const copy = join(folder, `${copies}.sqlite`)
    cpSync(file, copy)
    return {
      file: copy,
      /** The messages of what is wrong. */
      async problems(head: string | undefined, publicKeys: readonly string[]): Promise<readonly string[]> {
        const container = createContainer(readConfig({ ...environment, SIGNET_DATABASE_URL: `file:${copy}` }), {
          clock,
          logTo: { write: () => undefined },
        })
        const [number = '', digest = ''] = head?.split(':') ?? []
        const noted = head === undefined ? undefined : { number: Number(number), digest }
        const verdict = await (await container.auditProof()).verify(undefined, { publicKeys, head: noted })
        await container.close()
        return verdict.problems.map(({ message }) => message)
      },
    }
  }
}
