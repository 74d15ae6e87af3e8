/** simple-oauth2 brings the token of its workload. SIMPLE_OAUTH2 names its index.js. */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { jwtBearer } from '../support/assertions.ts'
import { type Asserting, testWorkload } from './assertions.ts'
import { basicOf, clientId } from './machines.ts'

/** @param options its own */
function asking({ issuer, token }: Asserting, options: object) {
  const { ClientCredentials } = createRequire(import.meta.url)(resolve(process.env['SIMPLE_OAUTH2'] ?? ''))
  const client = new ClientCredentials({
    client: { id: clientId, secret: '' },
    auth: { tokenHost: issuer, tokenPath: '/oauth/token' },
    options,
  })
  const ask = () =>
    client.getToken({ scope: 'metrics:read', client_assertion_type: jwtBearer, client_assertion: token() })
  return () =>
    ask().catch((error: { readonly data?: { readonly payload?: object }; readonly message: string }) => {
      throw new Error(JSON.stringify(error.data?.payload ?? error.message))
    })
}

testWorkload('simple-oauth2', (_t, machine) => asking(machine, {}), {
  authorization: basicOf(clientId, ''),
  form: { client_id: undefined },
})

testWorkload(
  'simple-oauth2, told to use the body,',
  (_t, machine) => asking(machine, { authorizationMethod: 'body' }),
  {
    form: { client_id: clientId, client_secret: '' },
  },
)
