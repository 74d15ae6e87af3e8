/** What an operator does meanwhile, by the command line; a command that fails is given again until it says that it is done. */
import { setTimeout as delay } from 'node:timers/promises'
import { signetProcess } from '../../test/support/process.ts'
import { Abandoned, unlessAbandoned } from './device.ts'
import type { Journal } from './journal.ts'
import type { Act, Oracle } from './oracle.ts'
import type { Sky } from './sky.ts'

export interface Operator {
  work(): Promise<void>
  stop(): void
  abandon(): void
  /** How often each command ended how. */
  readonly commands: ReadonlyMap<string, ReadonlyMap<string, number>>
}

interface Options {
  readonly environment: Readonly<Record<string, string>>
  readonly usernames: readonly string[]
  readonly oracle: Oracle
  readonly journal: Journal
  readonly sky: Sky
  readonly random: () => number
  readonly betweenActsMs: number
  /** Keys are revoked less often than all else. */
  readonly betweenRevokedKeysMs: number
}

const BETWEEN_TRIES_MS = 500

const begin = (): Act => ({ begunAt: performance.now(), doneAt: undefined })

export function createOperator(options: Options): Operator {
  const { environment, usernames, oracle, journal, sky, random } = options
  const commands = new Map<string, Map<string, number>>()
  const state = { isStopping: false, isAbandoned: false }
  let keyRevokedAt = performance.now()

  async function command(...words: readonly string[]) {
    const [name, from] = [words.slice(0, 2).join(' '), performance.now()]
    const ran = await signetProcess(environment, words)
    const outcomes = commands.get(name) ?? new Map<string, number>()
    commands.set(name, outcomes)
    outcomes.set(String(ran.code), (outcomes.get(String(ran.code)) ?? 0) + 1)
    const told = `signet ${words.join(' ')}, ${sky.nameOf(from, performance.now())}, after ${(performance.now() - from).toFixed(0)} ms: exit ${ran.code}\n${ran.stderr}`
    if (/^ {4}at /m.test(ran.stderr) || ran.code === null) journal.violate('a command fails by a sentence', told)
    if (ran.code !== 0 && !sky.harmed('database', from, performance.now()))
      journal.violate('a command works while the database does', told)
    return ran
  }

  /** @param isDone whether the command had been done though it said nothing of it */
  async function insist(words: readonly string[], isDone = async () => false): Promise<void> {
    for (;;) {
      if (state.isAbandoned) throw new Abandoned()
      const { code } = await command(...words)
      if (code === 0 || (await isDone())) return
      await delay(BETWEEN_TRIES_MS)
    }
  }

  async function disableForAWhile(username: string): Promise<void> {
    const [disable, enable] = [begin(), { begunAt: Number.POSITIVE_INFINITY, doneAt: undefined as number | undefined }]
    oracle.disabled.set(username, [...(oracle.disabled.get(username) ?? []), { disable, enable }])
    const acknowledge = oracle.endAll(username, disable)
    await insist(['users', 'disable', username])
    acknowledge()
    await delay(1000 + 2000 * random())
    enable.begunAt = performance.now()
    await insist(['users', 'enable', username])
    enable.doneAt = performance.now()
  }

  async function endSessions(username: string): Promise<void> {
    const acknowledge = oracle.endAll(username, begin())
    await insist(['sessions', 'revoke', '--user', username])
    acknowledge()
  }

  async function listedKeys(): Promise<readonly { readonly kid: string; readonly state: string }[] | undefined> {
    const { code, stdout } = await command('keys', 'list', '--json')
    return code === 0 ? JSON.parse(stdout) : undefined
  }

  async function revokeKey(): Promise<void> {
    const kid = (await listedKeys())?.find(({ state }) => state === 'active')?.kid
    if (kid === undefined) return
    const act = begin()
    oracle.keys.set(kid, act)
    const isRevoked = async () =>
      (await listedKeys())?.every(key => key.kid !== kid || key.state === 'revoked') ?? false
    await insist(['keys', 'revoke', kid, '--reason', 'bad weather'], isRevoked)
    act.doneAt = performance.now()
    keyRevokedAt = act.doneAt
  }

  function doSomething(): Promise<void> {
    const username = usernames[Math.floor(random() * usernames.length)] as string
    if (performance.now() > keyRevokedAt + options.betweenRevokedKeysMs) return revokeKey()
    const dice = random()
    if (dice < 0.4) return disableForAWhile(username)
    return dice < 0.9 ? endSessions(username) : insist(['keys', 'rotate'])
  }

  return {
    commands,
    stop() {
      state.isStopping = true
    },
    abandon() {
      state.isAbandoned = true
    },
    async work() {
      while (!state.isStopping) {
        await doSomething().catch(unlessAbandoned)
        await delay(options.betweenActsMs * (0.5 + random()))
      }
    },
  }
}
