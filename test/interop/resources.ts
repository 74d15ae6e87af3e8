/** Resource services that libraries of others guard, as the pages show them: started with a clock of their own, and asked with a token. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { linesOf, start } from '../support/consumer-process.ts'
import { freePort, temporaryFolder } from '../support/serve.ts'
import { until } from '../support/status-list.ts'

/** What a resource says to a token: `accepted`, `refused`, or what it should not say. */
export type Ask = (token: string) => Promise<string>

export interface Resource {
  /** Where it is asked, if it is over HTTP. */
  readonly url?: string
  readonly ask: Ask
  /** Lets its clock, and that of no other program, be this much later. */
  readonly later?: (seconds: number) => void
}

/** A folder with files in it. */
export function folderWith(t: Test, files: Readonly<Record<string, string>>, folder = temporaryFolder(t)): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Why a test can't run: a variable that names a program of it is not there. */
export function skipWithout(...variables: readonly string[]): string | false {
  const missing = variables.find(name => process.env[name] === undefined)
  return missing !== undefined && `${missing} names no program`
}

export interface Clock {
  readonly environment: Readonly<Record<string, string>>
  readonly later?: (seconds: number) => void
}

const systemClock: Clock = { environment: {} }

/** A clock for one program, by faketime: LIBFAKETIME names its library. Programs of Go don't ask it, and Java does not start with it. */
export function ownClock(t: Test): Clock {
  const { LIBFAKETIME: library = '' } = process.env
  const file = join(temporaryFolder(t), 'clock')
  const later = (seconds: number) => writeFileSync(file, `+${seconds}`)
  later(0)
  return { environment: { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' }, later }
}

/** Where a resource listens that is asked over HTTP: `GET /me` answers the claims of a good token. */
export const askAt =
  (url: string): Ask =>
  async token => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}`, connection: 'close' } })
    const text = await response.text()
    if (response.status === 401) return 'refused'
    return response.status === 200 && JSON.parse(text).sub !== undefined ? 'accepted' : `${response.status} ${text}`
  }

/**
 * Starts a resource that is asked over HTTP.
 * @param command with the port that it listens on, in the folder
 */
export async function startResource(
  t: Test,
  folder: string,
  command: (port: number) => readonly string[],
  { environment, later }: Clock = systemClock,
): Promise<Resource & { readonly url: string }> {
  const port = await freePort()
  const child = start(t, folder, command(port), { ...process.env, ...environment })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (said += chunk))
  const url = `http://127.0.0.1:${port}/me`
  const answers = () =>
    fetch(url).then(
      () => true,
      () => {
        if (child.exitCode !== null) throw new Error(said)
        return false
      },
    )
  await until(answers, 60_000)
  return { url, ask: askAt(url), ...(later && { later }) }
}

/** Starts a program that takes a token a line, and answers each with a line: `{"sub": …}`, or `{"refused": …}` with what it says. */
export function startProgram(t: Test, folder: string, command: readonly string[]): Resource {
  const child = start(t, folder, command)
  const next = linesOf(child)
  const ask: Ask = async token => {
    child.stdin?.write(`${token}\n`)
    const line = await next()
    const { sub, refused } = JSON.parse(line)
    return sub !== undefined ? 'accepted' : refused !== undefined ? 'refused' : line
  }
  return { ask }
}
