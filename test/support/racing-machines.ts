/**
 * What is taken from a machine while it asks for a token: each act at each step of the request, and the request at each step of the
 * act. A token that comes out of it is either such a one as may be given after the act, or in the status list.
 */
import type { Test } from 'tap'
import { addKey, addMachine, addUser, askAs, exchange } from './asking-machines.ts'
import { addIssuer, addTrust, newKey, present, signed, workloadClaims } from './assertions.ts'
import { testClock } from './clock.ts'
import { isOnPostgres } from './environment.ts'
import { createGate, watchLocks } from './interleaving.ts'
import { operatorBeside } from './operator.ts'
import { type Answer, claimsOf, type Service, secret, serve } from './serve.ts'
import { select } from './sqlite.ts'
import { statusIn, storedAs, storedRevocations } from './status-list.ts'

export type Operator = Awaited<ReturnType<typeof operatorBeside>>

/** A machine that no other case knows, with a role, a user or a client behind it. */
export interface Machine {
  readonly name: string
  /** Or of a trust, where it asks by that. */
  readonly keyId: string
  /** Of the client that asks. */
  readonly clientId: string
  /** Of its first secret. */
  readonly secretId: string
  readonly ask: () => Promise<Answer>
}

export interface Act {
  readonly act: (operator: Operator, machine: Machine) => Promise<unknown>
  /** What is left to it afterwards: nothing, or a narrower scope. */
  readonly leaves: 'nothing' | 'posts:read'
}

/** @param nowMs by the clock of the service, which stands still, however long the races take */
export type MakeMachine = (service: Service, name: string, nowMs: number) => Promise<Machine>

const workloadKey = newKey()
/** Longer than all races take by the clock that they move. */
const WEEK_SECONDS = 7 * 86_400

export const makers = {
  'a client that asks for itself': async (service, name) => {
    const { secretId = '' } = await addMachine(service, name)
    return { name, keyId: '', clientId: name, secretId, ask: () => askAs(service, name) }
  },
  'a key of a user': async (service, name) => {
    await addUser(service, name)
    const { secretId = '' } = await addMachine(service, `through-${name}`)
    const { id: keyId, text } = await addKey(service, { username: name })
    const clientId = `through-${name}`
    return { name, keyId, clientId, secretId, ask: () => exchange(service, text, clientId) }
  },
  'a key of a client': async (service, name) => {
    await addMachine(service, name)
    const { secretId = '' } = await addMachine(service, `through-${name}`)
    const { id: keyId, text } = await addKey(service, { clientId: name })
    const clientId = `through-${name}`
    return { name, keyId, clientId, secretId, ask: () => exchange(service, text, clientId) }
  },
  'a workload of a trusted issuer': async (service, name, nowMs) => {
    const { secretId = '' } = await addMachine(service, name)
    // All that is taken from an issuer is taken from one machine.
    const url = `https://${name}.example.com`
    await addIssuer(service, workloadKey, { url, maxLifetimeSeconds: WEEK_SECONDS }, name)
    const { added } = await addTrust(service, name, undefined, name)
    const exp = Math.floor(nowMs / 1000) + WEEK_SECONDS
    const token = await signed(workloadKey, workloadClaims(service, nowMs, { iss: url, exp }))
    return { name, keyId: added.id, clientId: name, secretId, ask: () => present(service, token, { client_id: name }) }
  },
} satisfies Record<string, MakeMachine>

/** What is stored of the row when the request comes, and what the request does with it. */
type Change = 'start' | 'none' | 'extend' | 'fresh'
/** An extension asks the same as a fresh index, which is lost when nobody asks. On PostgreSQL, where all takes longer, that is enough. */
const changes: readonly Change[] = isOnPostgres() ? ['start', 'none', 'fresh'] : ['start', 'none', 'extend', 'fresh']

/** Where the acts begin: reads before the signature are the same on both databases. */
const firstOf = (steps: readonly string[]): number =>
  isOnPostgres() ? steps.slice(0, steps.indexOf('sign')).filter(step => step.startsWith('read ')).length : 0

const isTooMuch = (access: string, { leaves }: Act): boolean =>
  leaves === 'nothing' || claimsOf(access).scope.includes('posts:write')

/** How a race ended. */
interface End {
  readonly title: string
  readonly clientId: string
  /** All that the machine was given. */
  readonly tokens: readonly string[]
  /** To the request that came after both. */
  readonly last: Answer
}

const openRows =
  'select clients.client_id, status_index from sessions join clients on clients.id = sessions.client_id where ended_at_ms is null'

/** At the end of many races, because looking takes longer than they do. */
function judge(t: Test, file: string, act: Act, ends: readonly End[]): void {
  const stored = new Set(storedRevocations(file))
  const open = Map.groupBy(select(file, openRows), row => row['client_id'])
  for (const { title, clientId, tokens, last } of ends) {
    const leftOver = tokens.filter(access => isTooMuch(access, act) && !stored.has(storedAs(statusIn(access))))
    t.equal(leftOver.length, 0, title)
    const rows = (open.get(clientId) ?? []).map(row => row['status_index'])
    if (act.leaves === 'nothing') t.match([last.status, rows], [/400|401/, []], title)
    else {
      t.match([last.status, last.body.scope], [200, act.leaves], title)
      t.same(rows, [statusIn(last.body.access_token).idx], title)
      t.notOk(stored.has(storedAs(statusIn(last.body.access_token))), title)
    }
  }
}

async function stage(t: Test, makeMachine: MakeMachine) {
  const clock = testClock()
  const [requests, acts] = [createGate(), createGate()]
  const service = await serve(t, { clock, faults: requests.faults })
  const operator = await operatorBeside(t, service, clock, acts.faults)
  const untilOverOrWaiting = await watchLocks(t, service.databaseFile)
  let made = 0

  /** A machine whose next request makes this change, and the tokens that it has. */
  async function machineBefore(change: Change) {
    made += 1
    const machine = await makeMachine(service, `machine-${made}`, clock.now())
    const had: string[] = []
    if (change === 'start') return { machine, had }
    const { access_token: access } = (await machine.ask()).body
    had.push(access)
    // Longer than the row was written ahead.
    if (change === 'extend') clock.advance((claimsOf(access).exp - claimsOf(access).iat + 1) * 1000)
    if (change === 'fresh')
      await service.get('/oauth/revoke', { form: { token: access }, client: [machine.clientId, secret] })
    return { machine, had }
  }

  async function endOf(
    title: string,
    { clientId, ask }: Machine,
    had: readonly string[],
    answer: Answer,
  ): Promise<End> {
    const last = await ask()
    const given = [answer, last].filter(({ status }) => status === 200).map(({ body }) => body.access_token)
    return { title, clientId, tokens: [...had, ...given], last }
  }

  /** The act in the middle of the request, before the step with this number; undefined when there is none. */
  async function actWithin({ act }: Act, change: Change, step: number): Promise<End | undefined> {
    const { machine, had } = await machineBefore(change)
    let acting: Promise<unknown> | undefined
    const { answer, at } = await requests.holdAt(step, machine.ask, () => {
      acting = act(operator, machine)
      return untilOverOrWaiting(acting)
    })
    await acting
    return at === undefined ? undefined : endOf(`${change}, before ${at}`, machine, had, answer)
  }

  /** And the request in the middle of the act. */
  async function askWithin({ act }: Act, change: Change, step: number): Promise<End | undefined> {
    const { machine, had } = await machineBefore(change)
    let asking: Promise<Answer> | undefined
    const doing = () => act(operator, machine)
    const { at } = await acts.holdAt(step, doing, () => {
      asking = machine.ask()
      return untilOverOrWaiting(asking)
    })
    return asking === undefined ? undefined : endOf(`${change}, in the act before ${at}`, machine, had, await asking)
  }

  const reruns = () => requests.reruns() + acts.reruns()
  return { service, requests, reruns, machineBefore, actWithin, askWithin }
}

/** Every step of the one, with the whole of the other in the middle. */
export function raceWith(t: Test, makeMachine: MakeMachine, acts: Readonly<Record<string, Act>>): void {
  t.test('a machine asks', async t => {
    const { service, requests, reruns, machineBefore, actWithin, askWithin } = await stage(t, makeMachine)
    const ways: (readonly [Change, typeof actWithin, number])[] = []
    for (const change of changes) {
      const { machine } = await machineBefore(change)
      const steps = await requests.stepsOf(machine.ask)
      t.equal(steps.includes('begin'), change !== 'none', `${change}: ${steps.join(', ')}`)
      ways.push([change, actWithin, firstOf(steps)], [change, askWithin, 0])
    }
    for (const [name, act] of Object.entries(acts))
      await t.test(name, async t => {
        const ends: End[] = []
        for (const [change, way, first] of ways)
          for (let step = first; ; step += 1) {
            const end = await way(act, change, step)
            if (end === undefined) break
            ends.push(end)
          }
        judge(t, service.databaseFile, act, ends)
        t.equal(reruns(), 0, 'nobody waited in a circle')
      })
  })
}
