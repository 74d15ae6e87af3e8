import { Counter, Histogram, type Registry } from 'prom-client'
import type { Signer } from '../records/signing-key.ts'

/** Times the signatures of whichever signer it is given, with their wait for a thread. */
export function createMeasuredSigner(register: Registry): (signer: Signer) => Signer {
  const durations = new Histogram({
    name: 'signet_signing_duration_seconds',
    help: 'Signatures of access tokens and status lists, with their wait for a thread.',
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [register],
  })
  const failures = new Counter({
    name: 'signet_signing_failures_total',
    help: 'Signatures that could not be made.',
    registers: [register],
  })
  /** The same key signs many times. */
  let last: { readonly signer: Signer; readonly measured: Signer } | undefined

  const measure = (signer: Signer): Signer => ({
    kid: signer.kid,
    async sign(signingInput) {
      const beganAt = performance.now()
      try {
        const signature = await signer.sign(signingInput)
        durations.observe((performance.now() - beganAt) / 1000)
        return signature
      } catch (error) {
        failures.inc()
        throw error
      }
    },
  })

  return signer => {
    if (last?.signer !== signer) last = { signer, measured: measure(signer) }
    return last.measured
  }
}
