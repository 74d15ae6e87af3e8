/** What a request proves of its client, once, and what the audit says when that is nothing. */
import type { Clock } from '../../clock.ts'
import type { Provenance, RecordEvent } from '../../records/audit-event.ts'
import type { Client } from '../../records/client.ts'
import { TooManyAttempts } from '../../records/counters.ts'
import { invalidClient } from '../oauth-error.ts'
import type { AssertionProofs } from './assertion-proof.ts'
import type { RecordUse } from './credential-use.ts'
import type { Disproof, Outcome, PresentedClient, PresentedSecret, Proof } from './method.ts'
import type { SecretThrottling } from './secret-throttling.ts'

export interface ClientProofs {
  /**
   * What is presented is looked at first, so that every failure costs the same.
   * @throws OAuthError invalid_client; TooManyAttempts
   */
  prove(client: Client | undefined, presented: PresentedClient, provenance: Provenance): Promise<Proof>
  /** @throws OAuthError invalid_client, when the audit was told why */
  fail(client: Client | undefined, presented: PresentedClient, why: Disproof | string, provenance: Provenance): never
}

export function createClientProofs(dependencies: {
  readonly assertions: AssertionProofs
  readonly throttling: SecretThrottling
  readonly recordUse: RecordUse
  readonly recordEvent: RecordEvent
  /** The keyed hash of a client_id that no client has. */
  readonly hashName: (clientId: string) => string
  readonly clock: Clock
}): ClientProofs {
  const { assertions, throttling, recordUse, recordEvent, hashName, clock } = dependencies

  function record(
    client: Client | undefined,
    presented: PresentedClient,
    { problem: reason, details }: Disproof,
    provenance: Provenance,
  ): void {
    const name = presented.clientId ?? (presented.kind === 'assertion' ? presented.subject : undefined) ?? ''
    const who = client === undefined ? { nameHash: hashName(name) } : { clientId: client.id }
    const why = { reason, ...(details && { details }) }
    recordEvent({ type: 'client.authenticate', outcome: 'failure', ...why, ...who, provenance })
  }

  function fail(
    client: Client | undefined,
    presented: PresentedClient,
    why: Disproof | string,
    provenance: Provenance,
  ): never {
    record(client, presented, typeof why === 'string' ? { problem: why } : why, provenance)
    throw invalidClient()
  }

  async function proveSecret(
    client: Client | undefined,
    presented: PresentedSecret,
    { address }: Provenance,
  ): Promise<Outcome> {
    const { clientId, secret } = presented
    let outcome: Outcome = { problem: 'wrong_secret' }
    // Whoever is disabled learns nothing of a right secret, and so it counts as a wrong one.
    await throttling.count({ clientId, address, secret }, () => {
      outcome = presented.prove(client, clock.now())
      return client?.status === 'active' && !('problem' in outcome)
    })
    return outcome
  }

  function lookAt(client: Client | undefined, presented: PresentedClient, provenance: Provenance) {
    if (presented.kind === 'secret') return proveSecret(client, presented, provenance)
    return presented.kind === 'assertion' ? assertions.prove(presented, client) : presented.prove(client)
  }

  async function proveClient(
    client: Client | undefined,
    presented: PresentedClient,
    provenance: Provenance,
  ): Promise<Proof> {
    const outcome = await Promise.resolve(lookAt(client, presented, provenance)).catch(error => {
      if (error instanceof TooManyAttempts) record(client, presented, { problem: 'throttled' }, provenance)
      throw error
    })
    if (client === undefined) return fail(client, presented, 'unknown_client', provenance)
    if (client.status !== 'active') return fail(client, presented, `client_${client.status}`, provenance)
    if ('problem' in outcome) return fail(client, presented, outcome, provenance)
    if (outcome.assertion !== undefined && !(await assertions.use(outcome.assertion)))
      return fail(client, presented, 'assertion_used_before', provenance)
    if (outcome.credential !== undefined) recordUse(outcome.credential, provenance.address)
    return outcome
  }

  return { prove: proveClient, fail }
}
