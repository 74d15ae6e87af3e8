/** golang.org/x/oauth2 brings the token of its workload. GO_CLIENTS names the program of go-clients/. */
import { jwtBearer } from '../support/assertions.ts'
import { type Start, testWorkload } from './assertions.ts'
import { startGoClient } from './go-clients.ts'
import { basicOf, claimsIn, clientId } from './machines.ts'

/** oauth2.AuthStyle */
const styles = { guess: 0, inParams: 1, inHeader: 2 }

const start =
  (style: keyof typeof styles): Start =>
  async (t, machine) => {
    const config = {
      ClientID: clientId,
      TokenURL: machine.tokenUrl,
      Scopes: ['metrics:read'],
      AuthStyle: styles[style],
      EndpointParams: { client_assertion_type: [jwtBearer] },
      AssertionFile: machine.tokenFile,
      // Every token of this service is too old for it.
      EarlyExpirySeconds: 12 * 3600,
    }
    const get = startGoClient(t, 'x-oauth2', config, await machine.resource())
    return async () => claimsIn(await get())
  }

const named = { authorization: basicOf(clientId, ''), form: { client_id: undefined } }

testWorkload('x-oauth2', start('guess'), named)
testWorkload('x-oauth2, told to use the header,', start('inHeader'), named)
testWorkload('x-oauth2, told to use the body,', start('inParams'), { form: { client_id: clientId } })
