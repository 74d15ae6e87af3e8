/**
 * The primary is lost under the load and its standby is promoted. By a synchronous one nothing that was acknowledged is lost, and the
 * instances go on by themselves. By an asynchronous one something is: nothing is served until an operator has accepted that.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { signetProcess } from '../../test/support/process.ts'
import { password } from '../forms.ts'
import { USERNAMES } from './cast.ts'
import { recoveriesOf } from './forecast.ts'
import type { Exchange, Kind } from './journal.ts'
import { binOfPostgres, type Pair, startPair } from './pair.ts'
import { prepareStage, type Stage } from './stage.ts'

/** Until somebody has noticed that the primary is gone. */
const NOTICED_AFTER_MS = 1000
const BEFORE_MS = 5000
/** Writes that are acknowledged and never reach the standby. */
const UNREPLICATED_MS = 3000
/** So long nothing may be served. */
const REFUSED_MS = 8000

const TOKENS: readonly Kind[] = ['sign-in', 'refresh', 'client credentials']

/** @returns how many violations there were, or why nothing was run */
export async function runPromotion(how: 'synchronous' | 'asynchronous', seed: number): Promise<number | string> {
  const bin = binOfPostgres()
  if (bin === undefined) return "not run: PostgreSQL's own initdb, pg_ctl and pg_basebackup are missing"
  const pair = await startPair(bin, { isSynchronous: how === 'synchronous' })
  try {
    const stage = await prepareStage({ databaseUrl: pair.database.url, seed, isShort: true })
    try {
      await delay(BEFORE_MS)
      return how === 'synchronous' ? await promoteSynchronous(pair, stage) : await promoteAsynchronous(pair, stage)
    } finally {
      await stage.close()
    }
  } finally {
    await pair.stop()
  }
}

async function promoteSynchronous(pair: Pair, stage: Stage): Promise<number> {
  const { sky, say } = stage
  say('synchronous standby promoted')
  const spell = sky.begin('synchronous standby promoted', 'database')
  await pair.losePrimary()
  await delay(NOTICED_AFTER_MS)
  await pair.promote()
  await pair.database.back()
  const backAt = performance.now()
  sky.end(spell, backAt)
  const recoveries = await recoveriesOf(stage, spell.name, backAt)
  await delay(BEFORE_MS)
  say('the last look')
  return stage.tell(recoveries, await stage.lastLook())
}

async function promoteAsynchronous(pair: Pair, stage: Stage): Promise<number> {
  const { sky, say, journal, instances, balancer, cast } = stage
  say('replication is held')
  await pair.holdReplication()
  await delay(UNREPLICATED_MS)
  say('asynchronous standby promoted')
  // It never ends: what was lost stays lost.
  const spell = sky.begin('asynchronous standby promoted', 'database')
  await pair.losePrimary()
  await delay(NOTICED_AFTER_MS)
  await pair.promote()
  const promotedAt = performance.now()
  journal.onExchange((exchange: Exchange) => {
    const isServed = TOKENS.includes(exchange.kind) && exchange.status === 200 && exchange.sentAt > promotedAt
    if (isServed && spell.untilMs === undefined)
      journal.violate('nothing is served before it is accepted', `a ${exchange.kind} is good`, [exchange])
  })
  await delay(REFUSED_MS)
  for (const { name } of instances)
    if (balancer.isReady(name)) journal.violate('/readyz tells that nothing works', `${name} is ready`)
  await cast.abandon()
  await assertTold(stage)
  await accept(stage)
  sky.end(spell)
  await assertServed(stage)
  return stage.tell([], stage.oracle.sessions().length)
}

const run = ({ environment }: Stage, ...words: readonly string[]) => signetProcess(environment, words)

/** What an operator reads says what happened, and what to do. */
async function assertTold(stage: Stage): Promise<void> {
  const { journal, say, logs } = stage
  const doctor = await run(stage, 'doctor')
  const said = `${doctor.stdout}${doctor.stderr}`
  say(`signet doctor ends with ${doctor.code}:\n${said.replaceAll(/^/gm, '           ')}`)
  if (doctor.code !== 1 || !said.includes('--accept-restore') || !said.includes('--accept-move'))
    journal.violate('signet doctor says what happened', `it ended with ${doctor.code}:\n${said}`)
  if (![...logs.counts.keys()].some(message => message.includes('--accept-restore') || message.includes('promoted')))
    journal.violate('the log says what happened', 'it says nothing of it')
}

async function accept(stage: Stage): Promise<void> {
  const { journal, say } = stage
  const ends = stage.instances.map(instance => instance.endsByItself())
  const { code, stdout, stderr } = await run(stage, 'doctor', '--accept-restore', '--drop-credentials')
  say(`signet doctor --accept-restore --drop-credentials ends with ${code}`)
  if (code !== 0) journal.violate('what was lost can be accepted', `${stdout}${stderr}`)
  // Whoever starts it again sees to the rest.
  for (const [at, instance] of stage.instances.entries()) {
    const ended = await ends[at]
    if (ended !== 1) journal.violate('what was accepted is begun anew', `${instance.name} ended with ${ended}`)
    await instance.start()
  }
}

async function assertServed({ ask, instances, journal }: Stage): Promise<void> {
  for (const { name, port } of instances) {
    const form = { grant_type: 'password', client_id: 'bench', username: USERNAMES[0] ?? '', password }
    const route = { port, instance: name }
    const exchange = await ask({ kind: 'sign-in', who: 'a user', route, path: '/oauth/token', form })
    if (exchange.status !== 200) journal.violate('what was accepted is served', 'a sign-in is refused', [exchange])
  }
}
