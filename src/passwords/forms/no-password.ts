/** What systems store for somebody who has no password. */
import type { ForeignHash } from './form.ts'

/** Nothing, or what Django writes: `!` and something random. */
export const hasNoPassword = (foreign: ForeignHash): boolean =>
  typeof foreign === 'string' && (foreign === '' || foreign.startsWith('!'))
