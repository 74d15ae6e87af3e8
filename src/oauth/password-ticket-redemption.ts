/** Redeeming a password ticket: through the client that was named when it was made, which authenticates as at the token endpoint. */
import type { Provenance } from '../records/audit-event.ts'
import type {
  AuthenticateClient,
  AuthenticatedClient,
  ClientRequest,
} from './client-authentication/client-authentication.ts'
import { needed } from './form.ts'

/** How a ticket is redeemed; it is handed in. */
export type RedeemPasswordTicket = (redemption: {
  readonly ticket: string
  readonly newPassword: string
  readonly client: AuthenticatedClient
  readonly provenance: Provenance
}) => Promise<void>

/** @throws OAuthError invalid_request, invalid_client; what `redeem` throws */
export const createTicketEndpoint =
  (dependencies: {
    readonly authenticateClient: AuthenticateClient
    readonly redeem: RedeemPasswordTicket
  }): ((request: ClientRequest) => Promise<void>) =>
  async request => {
    const client = await dependencies.authenticateClient(request)
    const { ticket, new_password: newPassword } = needed(request.parameters, 'ticket', 'new_password')
    await dependencies.redeem({ ticket, newPassword, client, provenance: request.provenance })
  }
