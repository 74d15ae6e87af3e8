/** Status lists as verifiers get them (draft-ietf-oauth-status-list §8), and devices whose tokens point to them. */
import { setTimeout as pause } from 'node:timers/promises'
import { inflateSync } from 'node:zlib'
import type { Test } from 'tap'
import {
  type Answer,
  addAlice,
  claimsOf,
  type RequestOptions,
  refresh,
  request,
  type ServeOptions,
  type Service,
  secret,
  serve,
  signIn,
} from './serve.ts'
import { type Row, select } from './sqlite.ts'

/** What an access token names as its status. */
export interface Status {
  readonly idx: number
  readonly uri: string
}

export const statusIn = (accessToken: string): Status => claimsOf(accessToken).status.status_list

/** The bytes of a list (§4.1). */
export const inflate = (lst: string): Buffer => inflateSync(Buffer.from(lst, 'base64url'))

/** The indices whose bit is set, the lowest bit of each byte first. */
export function setIn(bytes: Buffer): number[] {
  const indices: number[] = []
  for (const [at, byte] of bytes.entries())
    for (let bit = 0; byte >> bit !== 0; bit += 1) if ((byte >> bit) & 1) indices.push(at * 8 + bit)
  return indices
}

export const isSet = (bytes: Buffer, index: number): boolean => (((bytes[index >> 3] ?? 0) >> (index & 7)) & 1) === 1

export const bytesOf = (document: string): Buffer => inflate(claimsOf(document).status_list.lst)

/** The document of a list. @throws when there is none */
export async function fetchList(uri: string, options?: RequestOptions): Promise<Answer> {
  const answer = await request(uri, options)
  if (answer.status !== 200) throw new Error(`${uri} answers ${answer.status}: ${answer.text}`)
  return answer
}

/** Whether the list says that this token is revoked. */
export async function isRevoked({ idx, uri }: Status): Promise<boolean> {
  return isSet(bytesOf((await fetchList(uri)).text), idx)
}

const PAUSE_MS = 50

/**
 * Asks again and again, as a verifier does, until it is so: for what the timer of a service does, which follows no test's clock.
 * @param withinMs ends what hangs, and proves nothing: two programs that start beside others may take half a minute
 * @throws when it takes longer
 */
export async function until(isSo: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const giveUpAt = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`Not within ${withinMs} ms.`)
    await pause(PAUSE_MS)
  }
}

/** The indices that the database remembers as revoked, as `list/index`, whatever was published. */
export const storedRevocations = (file: string): string[] =>
  select(file, 'select list_id, status_index from revocations order by rowid').map(
    ({ list_id, status_index }) => `${list_id}/${status_index}`,
  )

export const storedAs = ({ idx, uri }: Status): string => `${uri.split('/').at(-1)}/${idx}`

export const statusListsOf = (file: string): Row[] => select(file, 'select * from status_lists order by opened_at_ms')

/** Revokes a token of web-app (RFC 7009). */
export const revoke = (service: Service, token: string): Promise<Answer> =>
  service.get('/oauth/revoke', { form: { token }, client: ['web-app', secret] })

/** A service with alice, whose passwords cost nothing. */
export async function withAlice(t: Test, options?: ServeOptions): Promise<Service> {
  const service = await serve(t, options)
  await addAlice(service)
  return service
}

/** The same service after a restart, under the same issuer. */
export async function restarted(t: Test, service: Service, options: ServeOptions = {}): Promise<Service> {
  await service.stop()
  const environment = { SIGNET_PORT: String(service.config.port), ...options.environment }
  return serve(t, {
    ...options,
    environment,
    folder: service.folder,
  })
}

/** The tokens of a device, its session and the status of its access token. */
export interface Device {
  readonly access: string
  readonly refreshToken: string
  readonly sid: string
  readonly status: Status
}

function deviceOf({ status, text, body }: Answer): Device {
  if (status !== 200) throw new Error(`No tokens: ${text}`)
  const { access_token: access, refresh_token: refreshToken } = body
  return { access, refreshToken, sid: claimsOf(access).sid, status: statusIn(access) }
}

/** alice signs in on one more device. */
export const device = async (service: Service): Promise<Device> => deviceOf(await signIn(service))

export const refreshed = async (service: Service, { refreshToken }: Device): Promise<Device> =>
  deviceOf(await refresh(service, refreshToken))
