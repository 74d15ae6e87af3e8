/** Mail servers with the configuration of their pages, a service that they ask over HTTPS, and a mail program. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { addClient } from '../support/clients.ts'
import { testClock } from '../support/clock.ts'
import { commandLine } from '../support/command-line.ts'
import { byTest, password, serve } from '../support/serve.ts'
import { setUpByPage } from './commands-on-page.ts'
import { inDebian } from './debian.ts'
import { frontOf } from './front.ts'
import { standIn } from './stand-in.ts'

/** The audience that the pages name. */
export const mailAudience = 'https://mail.example.com'
export const otherAudience = 'https://other.example.com'

/** Starts the service, runs the commands of the page, and adds people: alice, Carol with a capital, and bob. */
export async function withMail(t: Test, page: string) {
  const [clock, front] = [testClock(), await frontOf(t, true)]
  const service = await serve(t, { clock, environment: { SIGNET_ISSUER: front.url, SIGNET_TRUST_PROXY: '127.0.0.1' } })
  const { json, text } = await commandLine(t, service.environment, clock)
  // The client of the server, and that of the mail programs.
  const secrets = await setUpByPage(service, page, { blocks: 2, clock })
  for (const username of ['alice', 'Carol', 'bob', 'dave'])
    await service.users.add({ username, password, roles: [] }, byTest)
  await addClient(service, {
    ...{ clientId: 'tablet', isPublic: true, secret: null, scope: ['*'], audiences: [mailAudience, otherAudience] },
  })
  const token = async (username: string, resource?: string): Promise<string> => {
    const asked = resource === undefined ? { client_id: 'phone' } : { client_id: 'tablet', resource }
    const { body, text } = await service.token({ grant_type: 'password', username, password, ...asked })
    if (typeof body?.access_token !== 'string') throw new Error(`No token: ${text}`)
    return body.access_token
  }
  return {
    service,
    clock,
    url: front.url,
    front: await standIn(t, service, front),
    authority: readFileSync(front.authorityFile ?? '', 'utf8'),
    /** Of the client of the server. */
    clientSecret: secrets['mail'] ?? '',
    /** A token for the mail server, as the client phone of the page gets one; or for another audience. */
    token,
    command: text,
    ask: json,
  }
}

export type Mail = Awaited<ReturnType<typeof withMail>>

export type Mechanism = 'PLAIN' | 'XOAUTH2' | 'OAUTHBEARER'

export interface SignIn {
  readonly protocol: 'imap' | 'smtp'
  readonly port: number
  readonly mechanism: Mechanism
  readonly user: string
  /** The password or the token. */
  readonly secret: string
  /** The address that the program comes from. */
  readonly from?: string
  /** The address that a proxy before the server says that the person has. */
  readonly forwards?: string
}

export interface Told {
  readonly done: boolean
  /** What the person may see. */
  readonly answer: string
  /** What a server says to a program before it refuses it. */
  readonly challenges: readonly string[]
}

/** Python's own mail library, in a Debian that has it. */
export function mailProgram(t: Test): (signIn: SignIn) => Promise<Told> {
  const debian = inDebian(t, 12)
  const script = debian.write(
    'sign_in.py',
    readFileSync(fileURLToPath(new URL('mail-programs/sign_in.py', import.meta.url)), 'utf8'),
  )
  return async signIn => {
    const { code, output } = await debian.run('python3', [script], JSON.stringify(signIn))
    if (code !== 0) throw new Error(output)
    return JSON.parse(output)
  }
}
