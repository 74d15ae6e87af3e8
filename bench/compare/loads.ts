/** What is asked of a service: each kind of load as chains, one a connection. */
import { type Answer, openConnection } from '../connection.ts'
import { introspectForm, refreshForm, signInForm } from '../forms.ts'
import { repeat } from './repeat.ts'
import { jwksPath, type Service, usernames } from './services.ts'
import type { Chain } from './window.ts'

export const kinds = ['refresh', 'password', 'introspection', 'jwks', 'status-list'] as const
export type Kind = (typeof kinds)[number]

/** Makes the chains of the next window; undefined when the service has nothing of the kind. */
export type Load = () => readonly Chain[]

const CONNECTIONS = 64
/** As many people as sign in at once. A hash takes long: more of them would only wait. */
const SIGN_INS = 16

const tokenPath = '/oauth/token'

function membersOf({ status, body }: Answer): Record<string, string> {
  if (status !== 200) throw new Error(`${status} ${body}`)
  return JSON.parse(body)
}

async function signIn({ port }: Service, username: string, more = ''): Promise<Record<string, string>> {
  const connection = await openConnection(port)
  const members = membersOf(await connection.post(tokenPath, signInForm(username) + more))
  connection.close()
  return members
}

/** Every chain follows its own rotation, through all windows. */
async function refresh(service: Service): Promise<Load> {
  const tokens: string[] = []
  for (const username of usernames.slice(0, CONNECTIONS))
    tokens.push((await signIn(service, username))['refresh_token'] ?? '')

  const chainOf =
    (index: number): Chain =>
    async lap => {
      const connection = await openConnection(service.port)
      for (let sent: number | undefined = performance.now(); sent !== undefined; sent = lap(sent)) {
        const answer = membersOf(await connection.post(tokenPath, refreshForm(tokens[index] ?? '')))
        tokens[index] = answer['refresh_token'] ?? ''
      }
      connection.close()
    }
  return () => tokens.map((_, index) => chainOf(index))
}

/** People sign in from networks of their own, one after the other from each. */
async function password({ port }: Service): Promise<Load> {
  let next = 0
  const chainOf =
    (network: number): Chain =>
    async lap => {
      const connection = await openConnection(port, `127.0.${network}.1`)
      for (let sent: number | undefined = performance.now(); sent !== undefined; sent = lap(sent)) {
        const username = usernames[next++ % usernames.length]
        membersOf(await connection.post(tokenPath, signInForm(username)))
      }
      connection.close()
    }
  return () => Array.from({ length: SIGN_INS }, (_, index) => chainOf(index + 1))
}

/** The same request again and again, by all connections. */
function repeated(service: Service, request: string): Load {
  const bytes = Buffer.from(request)
  const chain: Chain = lap => repeat(service.port, bytes, lap)
  return () => Array.from({ length: CONNECTIONS }, () => chain)
}

const get = (service: Service, path: string) => repeated(service, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)

async function introspection(service: Service): Promise<Load | undefined> {
  const { introspectable, port } = service
  if (introspectable === undefined) return undefined
  const { access_token = '' } = await signIn(service, usernames[0] ?? '', introspectable)
  const form = `${introspectForm(access_token)}&token_type_hint=access_token`
  const connection = await openConnection(port)
  const answer = membersOf(await connection.post('/oauth/introspect', form))
  connection.close()
  if (String(answer['active']) !== 'true') throw new Error(`${service.name}: the token is not active`)
  const headers = `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}`
  return repeated(service, `POST /oauth/introspect HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n\r\n${form}`)
}

async function statusList(service: Service): Promise<Load | undefined> {
  if (service.name !== 'Signet') return undefined
  const connection = await openConnection(service.port)
  const { status_lists } = JSON.parse((await connection.get('/oauth/status-lists')).body)
  connection.close()
  return get(service, new URL(status_lists[0]).pathname)
}

export const loads: Record<Kind, (service: Service) => Promise<Load | undefined>> = {
  refresh,
  password,
  introspection,
  jwks: async service => get(service, jwksPath),
  'status-list': statusList,
}
