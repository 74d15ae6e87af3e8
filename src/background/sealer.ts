/** Seals the audit (../audit/sealing.ts), and notes its head in the log, where whoever can write the database can't change it. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Sealing } from '../audit/sealing.ts'
import type { Clock } from '../clock.ts'
import type { Pulse } from '../records/pulse.ts'
import { type Listener, whenNeeded } from './when-needed.ts'

const HEAD_EVERY_MS = 60_000
/** Another process seals at the same time; it is tried again in the next round. */
const MOST_OVERTAKEN = 3
/** Seals of the last round, when the process stops: it must come to an end while other instances go on writing. */
const MOST_AT_THE_END = 20

export interface Sealer extends Listener {
  /** Seals all that is waiting; one at a time, whoever asks. */
  seal(): Promise<void>
}

export function createSealer(dependencies: {
  readonly sealing: Sealing
  readonly clock: Clock
  readonly log: Logger
}): Sealer {
  const { sealing, clock, log } = dependencies
  let isPutBack = false
  let [notedHead, notedAtMs]: [string | undefined, number] = [undefined, Number.NEGATIVE_INFINITY]

  function noteHead(): void {
    const head = sealing.head()
    if (head === undefined || head === notedHead) return
    log.info({ audit_head: head }, 'the head of the audit')
    ;[notedHead, notedAtMs] = [head, clock.now()]
  }

  function stopSealing(): void {
    isPutBack = true
    const head = sealing.head()
    log.error(
      { audit_head: head },
      'the audit ends before a seal that was there: nothing is sealed until the next start',
    )
  }

  async function sealWaiting(signal?: AbortSignal, most = Number.POSITIVE_INFINITY): Promise<void> {
    let [made, overtaken] = [0, 0]
    for (; made < most && overtaken < MOST_OVERTAKEN && !isPutBack && !signal?.aborted; await nextTurn()) {
      const outcome = await sealing.sealNext()
      if (outcome === 'put_back') stopSealing()
      // The next round makes a seal of what comes meanwhile: one for each row would be as many writes more.
      if (outcome === 'caught_up') break
      if (outcome === 'sealed') made += 1
      else overtaken += 1
    }
    if (Math.abs(clock.now() - notedAtMs) >= HEAD_EVERY_MS) noteHead()
  }

  let last: Promise<void> = Promise.resolve()
  function seal(signal?: AbortSignal, most?: number): Promise<void> {
    last = last.catch(() => {}).then(() => sealWaiting(signal, most))
    return last
  }

  const onError = (error: unknown) => {
    if (error === undefined) log.info('the audit is sealed again')
    else log.error({ err: error }, 'the audit cannot be sealed; it is tried again twice a second')
  }
  /** The last seal and the key that the last round knew: what another process did is to be noticed, too. */
  let known: string | undefined
  const headIn = ({ lastSeal, auditKid }: Pulse): string => JSON.stringify([lastSeal, auditKid])
  const rounds = whenNeeded(
    pulse => pulse.hasUnsealed || headIn(pulse) !== known,
    async (signal, pulse) => {
      await seal(signal)
      known = headIn(pulse)
    },
    onError,
  )
  return {
    hear: rounds.hear,
    seal: () => seal(),
    async stop() {
      await rounds.stop()
      await seal(undefined, MOST_AT_THE_END).catch(onError)
      // While nobody serves, the log alone says what was there.
      noteHead()
    },
  }
}
