/** The signing keys as they are when somebody looks: how many, how old, and when the next change is due. */
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { SigningKey, SigningKeyReader } from '../records/signing-key.ts'
import type { Sample, Source } from './scrape.ts'

const secondsBetween = (fromMs: number, toMs: number): number => (toMs - fromMs) / 1000

/** @param nextTransitionAtMs when the next key is planned to sign, or to leave the JWKS; Infinity: never */
export function signingKeysSource(dependencies: {
  readonly register: Registry
  readonly signingKeys: SigningKeyReader
  readonly nextTransitionAtMs: (keys: readonly SigningKey[]) => number
  readonly clock: Clock
}): Source {
  const { register, signingKeys, nextTransitionAtMs, clock } = dependencies
  const registers = [register]
  const keys = new Gauge({
    name: 'signet_signing_keys',
    help: 'Signing keys in the JWKS, by state: pending, active or retiring.',
    labelNames: ['state'],
    registers,
  })
  const ages = new Gauge({
    name: 'signet_signing_key_age_seconds',
    help: 'For how long the oldest key of this state has been in it.',
    labelNames: ['state'],
    registers,
  })
  const next = new Gauge({
    name: 'signet_signing_key_next_transition_seconds',
    help: 'Until the next planned change of the JWKS; below 0 when it is overdue, absent when none is planned.',
    registers,
  })
  const reads = new Gauge({
    name: 'signet_database_read_seconds',
    help: 'How long the database took to read the signing keys for this scrape, with the wait for a connection.',
    registers,
  })

  function samplesOf(found: readonly SigningKey[]): readonly Sample[] {
    // What lies ahead was written by a clock that was, or this one is behind: no key is younger than none.
    const nowMs = clock.now()
    return ['pending', 'active', 'retiring'].flatMap(state => {
      const since = found.filter(key => key.state === state).map(({ sinceMs }) => sinceMs)
      const count = { gauge: keys, labels: { state }, value: since.length }
      const age = { gauge: ages, labels: { state }, value: Math.max(0, secondsBetween(Math.min(...since), nowMs)) }
      return since.length === 0 ? [count] : [count, age]
    })
  }

  return {
    name: 'signing_keys',
    gauges: [keys, ages, next, reads],
    async read() {
      const beganAt = performance.now()
      const found = await signingKeys.list()
      const took = { gauge: reads, value: secondsBetween(beganAt, performance.now()) }
      const atMs = nextTransitionAtMs(found)
      const planned = Number.isFinite(atMs) ? [{ gauge: next, value: secondsBetween(clock.now(), atMs) }] : []
      return [took, ...planned, ...samplesOf(found)]
    },
  }
}
