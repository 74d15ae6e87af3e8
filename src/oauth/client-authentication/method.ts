/** What every method of client authentication has (RFC 6749 §2.3). A further method is a further file, and an entry in client-authentication.ts. */
import type { Client } from '../../records/client.ts'
import type { Credential } from '../../records/credential.ts'
import type { FormParameters } from '../form.ts'

/** Where a request says which client it comes from. */
export interface RequestCredentials {
  readonly parameters: FormParameters
  /** The Authorization header. */
  readonly authorization: string | undefined
}

/** The same, read. */
export interface Credentials {
  /** Of the client that the request names, in the header, in the body, or in both. */
  readonly clientId: string
  /** As it stands in a Basic header; empty where there is none. */
  readonly basicSecret: string
  readonly parameters: FormParameters
}

export interface ClientAuthenticationMethod {
  /** As `token_endpoint_auth_methods_supported` names it (RFC 8414 §2). */
  readonly name: string
  read(credentials: Credentials): PresentedClient
}

/** A method by which a client proves itself. */
export interface ProvingMethod extends ClientAuthenticationMethod {
  /** Whether a request uses it, well or badly. */
  isUsed(credentials: Credentials): boolean
}

/** What a request presents; nothing of it is believed yet. */
export type PresentedClient = PresentedSecret | PresentedOtherwise

interface Presented {
  readonly clientId: string
}

/** A secret can be guessed. */
export interface PresentedSecret extends Presented {
  /** As it was sent. */
  readonly secret: string
  /** As below; at once, so that of many guesses each is counted before the next is compared. */
  prove(client: Client | undefined, nowMs: number): Outcome
}

export interface PresentedOtherwise extends Presented {
  readonly secret: undefined
  /**
   * Looks at what is presented. It costs the same without a client, and does not ask whether the client is active.
   * @param client undefined: there is none with this `client_id`
   */
  prove(client: Client | undefined, nowMs: number): Outcome | Promise<Outcome>
}

/** A proof, or why there is none, as the audit says it. */
export type Outcome = Proof | 'no_credentials' | 'wrong_secret'

/** What a request has proved. */
export interface Proof {
  /** What it was proved with; undefined of a public client, which has none. */
  readonly credential: Pick<Credential, 'id' | 'lastUsedAtMs'> | undefined
  /** Until when it holds of the client as it is now, in ms; undefined: it does no longer. */
  holdsUntil(client: Client): number | undefined
}
