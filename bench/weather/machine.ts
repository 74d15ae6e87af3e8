/** A machine that asks for itself, and believes Retry-After. */
import { setTimeout as delay } from 'node:timers/promises'
import { machineSecret } from '../forms.ts'
import type { Ask, Route } from './asking.ts'
import { type Journal, retryAfterMs } from './journal.ts'

interface Options {
  readonly ask: Ask
  readonly route: Route
  readonly journal: Journal
}

const BETWEEN_MS = 200

export function createMachine({ ask, route, journal }: Options) {
  const state = { isStopping: false }
  const form = { grant_type: 'client_credentials', client_id: 'machine', client_secret: machineSecret }
  return {
    stop() {
      state.isStopping = true
    },
    async work(): Promise<void> {
      while (!state.isStopping) {
        const exchange = await ask({
          kind: 'client credentials',
          who: 'the machine',
          route,
          path: '/oauth/token',
          form,
        })
        const isWrong = exchange.status !== 200 && exchange.status !== 503 && exchange.status !== 0
        if (isWrong) journal.violate('an honest machine gets a token', `it is answered ${exchange.status}`, [exchange])
        await delay(Math.max(BETWEEN_MS, retryAfterMs(exchange)))
      }
    },
  }
}
