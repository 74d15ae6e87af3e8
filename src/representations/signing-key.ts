/** A signing key as the command line shows it. */
import { isoTime, isoTimeOrNull } from '../clock.ts'
import type { SigningKey } from '../records/signing-key.ts'

/** @param activatesAtMs when the standby will sign; undefined when that is not planned */
export const describeSigningKey = (key: SigningKey, activatesAtMs: number | undefined) => ({
  kid: key.kid,
  state: key.state,
  since: isoTime(key.sinceMs),
  cause: key.cause,
  created_at: isoTime(key.createdAtMs),
  ready_at: isoTime(key.activatesAtMs),
  activates_at: isoTimeOrNull(key.state === 'pending' ? activatesAtMs : key.activatesAtMs),
  retires_at: isoTimeOrNull(key.retiresAtMs),
})
