/** Verified requests at a resource service, without HTTP: what the middleware costs. */
import { signetWeb } from '@signet/verifier/web'
import { audience, clientCredentialsForm } from '../accounts.ts'
import { openConnection } from '../connection.ts'

const WARM_UP_MS = 2000
const MEASURED_MS = 3000

async function accessToken(port: number): Promise<string> {
  const connection = await openConnection(port)
  const { body } = await connection.post('/oauth/token', clientCredentialsForm)
  connection.close()
  return JSON.parse(body).access_token
}

/** How many verified requests a second, by how they bring their credential. */
export async function measureResource(port: number, apiKey: string): Promise<Readonly<Record<string, number>>> {
  const web = signetWeb({
    issuer: `http://127.0.0.1:${port}`,
    audience,
    apiKeys: { clientId: 'exchange' },
  })
  await web.verifier.ready()

  async function run(headers: Readonly<Record<string, string>>, ms: number): Promise<number> {
    const request = new Request('http://127.0.0.1/posts', { headers })
    const begin = performance.now()
    let count = 0
    for (; performance.now() < begin + ms; count += 1)
      if ((await web.authenticate(request)) instanceof Response) throw new Error('A request was refused.')
    return count / ((performance.now() - begin) / 1000)
  }

  const found: Record<string, number> = {}
  const ways = {
    'access token': { authorization: `Bearer ${await accessToken(port)}` },
    'API key': { 'x-api-key': apiKey },
  }
  for (const [name, headers] of Object.entries(ways)) {
    await run(headers, WARM_UP_MS)
    found[name] = await run(headers, MEASURED_MS)
  }
  web.verifier.close()
  return found
}
