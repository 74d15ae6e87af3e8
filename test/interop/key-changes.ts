/** Changes of the signing keys, which the running service has followed when they are done. */
import { byTest, type Service } from '../support/serve.ts'
import { keyIn } from '../support/signing-keys.ts'
import { change } from '../support/sqlite.ts'

export async function keyChanges(service: Service) {
  const keys = await service.container.keyLifecycle()
  const followed = async (changed: Promise<unknown>): Promise<void> => {
    await changed
    await service.tick()
  }
  return {
    /** A rotation that is asked for, as if the standby had been published for the lead. */
    async rotate(): Promise<void> {
      const next = keyIn(service, 'pending').kid
      change(service.databaseFile, "update signing_keys set activates_at_ms = created_at_ms where state = 'pending'")
      // After a revocation one was asked for already, and the service, which looks every second, may be the first.
      const asked = keys.rotate(byTest).catch(error => {
        if (keyIn(service, 'active').kid !== next) throw error
      })
      await followed(asked)
      if (keyIn(service, 'active').kid !== next) throw new Error('No rotation.')
    },
    /** Revokes the key that signs. The standby takes over. */
    revokeActive: () => followed(keys.revoke(keyIn(service, 'active').kid, 'stolen', byTest)),
    /** Replaces all keys: nobody knows the new ones. */
    revokeAll: () => followed(keys.revokeAll('stolen', byTest)),
  }
}
