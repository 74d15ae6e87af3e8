/** What every method of client authentication has (RFC 6749 §2.3). A further method is a further file, and an entry in client-authentication.ts. */
import type { AuditDetails } from '../../records/audit-event.ts'
import type { Client } from '../../records/client.ts'
import type { Credential } from '../../records/credential.ts'
import type { UsedAssertion } from '../../records/used-assertion.ts'
import type { Assertion } from '../assertions/assertion.ts'
import type { FormParameters } from '../form.ts'
import { audited } from '../oauth-error.ts'

/** Where a request says which client it comes from. */
export interface RequestCredentials {
  readonly parameters: FormParameters
  /** The Authorization header. */
  readonly authorization: string | undefined
}

/** The same, read. */
export interface Credentials {
  /** Of the client that the request names, in the header, in the body, or in both; undefined: an assertion may say it. */
  readonly clientId: string | undefined
  /** As it stands in a Basic header; empty where there is none. */
  readonly basicSecret: string
  readonly parameters: FormParameters
}

/** @throws OAuthError invalid_client */
export function nameIn({ clientId }: Credentials): string {
  // Of a request that names no client there is nothing to keep secret.
  if (clientId === undefined)
    throw audited(
      'invalid_client',
      'No client is named: the parameter client_id is missing, and there is no Basic header.',
    )
  return clientId
}

export interface ClientAuthenticationMethod {
  /** As `token_endpoint_auth_methods_supported` names it, and what else it takes (RFC 8414 §2). */
  readonly names: readonly string[]
  /** @throws OAuthError invalid_request, invalid_client */
  read(credentials: Credentials): PresentedClient
}

/** A method by which a client proves itself. */
export interface ProvingMethod extends ClientAuthenticationMethod {
  /** Whether a request uses it, well or badly. */
  isUsed(credentials: Credentials): boolean
}

/** What a request presents; nothing of it is believed yet. */
export type PresentedClient = PresentedSecret | PresentedAssertion | PresentedNothing

interface Presented {
  readonly clientId: string
}

/** A secret can be guessed. */
export interface PresentedSecret extends Presented {
  readonly kind: 'secret'
  /** As it was sent. */
  readonly secret: string
  /** As below; at once, so that of many guesses each is counted before the next is compared. */
  prove(client: Client | undefined, nowMs: number): Outcome
}

/** A JWT that the client or somebody whom it trusts signed (RFC 7521 §4.2). */
export interface PresentedAssertion {
  readonly kind: 'assertion'
  /** Undefined: the client is the one that trusts the subject. */
  readonly clientId: string | undefined
  /** Of a JWT-SVID. */
  readonly subject: string | undefined
  /** Undefined: it can't be read. */
  readonly assertion: Assertion | undefined
  /** Whether it is presented as a JWT-SVID. */
  readonly isSvid: boolean
}

export interface PresentedNothing extends Presented {
  readonly kind: 'nothing'
  /** @param client undefined: there is none with this `client_id` */
  prove(client: Client | undefined): Outcome
}

/** Why there is no proof, as the audit says it. */
export interface Disproof {
  readonly problem: string
  readonly details?: AuditDetails
}

export type Outcome = Proof | Disproof

/** What a request has proved. */
export interface Proof {
  /** What it was proved with; undefined of a public client, which has none. */
  readonly credential: Pick<Credential, 'id' | 'lastUsedAtMs'> | undefined
  /** Until when it holds of the client as it is now, in ms; undefined: it does no longer. */
  holdsUntil(client: Client): number | undefined
  /** Undefined of what is no assertion. */
  readonly assertion?: UsedAssertion
}
