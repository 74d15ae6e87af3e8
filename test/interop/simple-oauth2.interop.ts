/** simple-oauth2 signs people in. SIMPLE_OAUTH2 names its index.js. */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { asItStands, type Does, encoded, named, type Settings, testSignIns } from './sign-ins.ts'

interface AccessToken {
  refresh(): Promise<AccessToken>
  revoke(tokenType: 'refresh_token'): Promise<void>
}

/** @param options its own */
function simpleOAuth2({ id, secret, url, username, password }: Settings, options: object): Does {
  const { ResourceOwnerPassword } = createRequire(import.meta.url)(resolve(process.env['SIMPLE_OAUTH2'] ?? ''))
  const auth = { tokenHost: url, tokenPath: '/oauth/token', revokePath: '/oauth/revoke' }
  const library = new ResourceOwnerPassword({ client: { id, secret }, auth, options })
  let token: AccessToken
  const acts: Readonly<Record<string, () => Promise<unknown>>> = {
    signIn: async () => (token = await library.getToken({ username, password })),
    refresh: async () => (token = await token.refresh()),
    revoke: () => token.revoke('refresh_token'),
  }
  return act =>
    acts[act]?.().catch(error => {
      throw new Error(JSON.stringify(error.data?.payload ?? error.message))
    }) as Promise<unknown>
}

testSignIns('simple-oauth2', (_t, settings) => simpleOAuth2(settings, {}), {
  'a public client': [named, named, named],
  'a confidential client': [encoded, encoded, encoded],
})
testSignIns(
  'simple-oauth2, told to be loose,',
  (_t, settings) => simpleOAuth2(settings, { credentialsEncodingMode: 'loose' }),
  {
    'a public client': [named, named, named],
    'a confidential client': [asItStands, asItStands, asItStands],
  },
)
testSignIns(
  'simple-oauth2, told to use the body,',
  (_t, settings) => simpleOAuth2(settings, { authorizationMethod: 'body' }),
  {
    'a public client': [undefined, undefined, undefined],
    'a confidential client': [undefined, undefined, undefined],
  },
)
