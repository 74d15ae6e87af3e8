/** What the parties of a benchmark know and send; the accounts of Signet and of its peers are made of it. */
export const password = 'a quiet river runs north'
export const resourceSecret = 'what-the-resource-service-of-the-benchmark-knows'
export const audience = 'https://api.example.com'

export const signInForm = (username = 'bench') =>
  `grant_type=password&client_id=bench&username=${username}&password=${encodeURIComponent(password)}`
export const wrongSignInForm = (username: string, guess: string) =>
  `grant_type=password&client_id=bench&username=${username}&password=${encodeURIComponent(guess)}`
export const refreshForm = (refreshToken: string) =>
  `grant_type=refresh_token&client_id=bench&refresh_token=${refreshToken}`
export const revokeForm = (token: string) => `client_id=bench&token=${token}`
export const introspectForm = (token: string) =>
  `client_id=resource&client_secret=${resourceSecret}&token=${encodeURIComponent(token)}`
export const machineSecret = 'what-the-machine-of-the-benchmark-knows'
export const clientCredentialsForm = `grant_type=client_credentials&client_id=machine&client_secret=${machineSecret}`
export const exchangeForm = (apiKey: string) =>
  `grant_type=urn:ietf:params:oauth:grant-type:token-exchange&client_id=exchange&subject_token=${apiKey}` +
  '&subject_token_type=urn:signet:params:oauth:token-type:api-key'
