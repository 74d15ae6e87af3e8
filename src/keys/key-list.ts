/** Signing keys as operators see them. */
import type { Clock } from '../clock.ts'
import type { SigningKey } from '../records/signing-key.ts'
import type { KeyLifecycle } from './key-lifecycle.ts'
import { type KeyPolicy, rotatesAtMs } from './schedule.ts'

export interface ListedKeys {
  /** In the order of their use. */
  readonly keys: readonly SigningKey[]
  /** When the standby will sign; undefined when that is not planned. */
  readonly activatesAtMs: number | undefined
  readonly nowMs: number
}

export type ListKeys = () => Promise<ListedKeys>

export const createKeyList =
  (dependencies: {
    readonly lifecycle: Pick<KeyLifecycle, 'list'>
    readonly policy: KeyPolicy
    readonly clock: Clock
  }): ListKeys =>
  async () => {
    const { lifecycle, policy, clock } = dependencies
    const [keys, nowMs] = [await lifecycle.list(), clock.now()]
    return { keys, activatesAtMs: rotatesAtMs(keys, policy, nowMs), nowMs }
  }
