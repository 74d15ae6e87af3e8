import type { Test } from 'tap'
import { testClock } from './clock.ts'
import type { ServeOptions } from './serve.ts'
import { keyAuditOf, keyIn } from './signing-keys.ts'
import { withAlice } from './status-list.ts'

/** A service on its first day, and its keys. */
export async function firstDay(t: Test, options: ServeOptions = {}) {
  const clock = testClock()
  const service = await withAlice(t, { ...options, clock })
  const [first, second] = [keyIn(service, 'active'), keyIn(service, 'pending')]
  let heard = keyAuditOf(service).length
  return {
    ...{ clock, service, first, second, startMs: clock.now() },
    lifecycle: await service.container.keyLifecycle(),
    /** What the audit says of keys since the last look: `type reason target`. */
    freshAudit() {
      const rows = keyAuditOf(service).slice(heard)
      heard += rows.length
      return rows.map(({ type, reason, target }) => `${type} ${reason} ${target}`)
    },
    async pass(milliseconds: number) {
      clock.advance(milliseconds)
      await service.tick()
    },
  }
}
