/** signet-verifier in a FastAPI service, served by a real uvicorn. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type RequestOptions, request, temporaryFolder } from '../support/serve.ts'

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export interface FastApiOptions {
  readonly issuer: string
  /** In fastapi_apps.py. */
  readonly app?: 'example' | 'forgetful' | 'guarded' | 'readme'
  readonly environment?: Readonly<Record<string, string>>
}

/** A poll that no test lives to see: what is fetched then is fetched for another reason. */
export const NEVER = '3600'

/** Starts it with the Python of the variable PYTHON, in which the package and its extra `test` are installed. */
export async function startFastApi(t: Test, { issuer, app = 'example', environment = {} }: FastApiOptions) {
  const offsetsFile = join(temporaryFolder(t), 'clock-offsets')
  const ahead = { wall: 0, monotonic: 0 }
  function move(wall: number, monotonic: number): void {
    ahead.wall += wall
    ahead.monotonic += monotonic
    // At no moment the file is empty.
    writeFileSync(`${offsetsFile}.new`, `${ahead.wall} ${ahead.monotonic}`)
    renameSync(`${offsetsFile}.new`, offsetsFile)
  }
  move(0, 0)

  const words = [
    '-m',
    'uvicorn',
    '--factory',
    `fastapi_apps:${app}`,
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--no-access-log',
  ]
  const child = spawn(process.env['PYTHON'] ?? 'python3', words, {
    cwd: folder('../../examples/fastapi-resource'),
    env: {
      ...process.env,
      PYTHONPATH: folder('.'),
      PYTHONDONTWRITEBYTECODE: '1',
      NO_PROXY: '127.0.0.1',
      SIGNET_ISSUER: issuer,
      ...('POLL_INTERVAL' in environment ? {} : { POLL_INTERVAL: NEVER, MAX_STALENESS: NEVER }),
      CLOCK_OFFSETS: offsetsFile,
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  const lines = createInterface(child.stderr).on('line', line => {
    log += `${line}\n`
  })
  const gone = once(child, 'close').then(([code]) => {
    throw new Error(`uvicorn ended with ${code}:\n${log}`)
  })
  // Reported to whoever waits for a line; at the end nobody does.
  gone.catch(() => undefined)
  t.teardown(() => child.kill('SIGKILL'))

  /** Waits for the next line of its log that matches: what is awaited after an act has to be asked for before it. */
  const hears = (pattern: RegExp): Promise<RegExpExecArray> =>
    Promise.race([
      new Promise<RegExpExecArray>(resolve => {
        const look = (line: string) => {
          const match = pattern.exec(line)
          if (match === null) return
          lines.off('line', look)
          resolve(match)
        }
        lines.on('line', look)
      }),
      gone,
    ])

  const [, url = ''] = await hears(/running on (http:\S+)/)
  /** A request with this access token. */
  const as = (token: string, path: string, more: RequestOptions = {}) =>
    request(url + path, { ...more, headers: { ...more.headers, authorization: `Bearer ${token}` } })

  return {
    url,
    hears,
    /** Lets time pass for it. */
    advance: (seconds: number) => move(seconds, seconds),
    /** Sets its wall clock ahead, or back. */
    setWallClock: (seconds: number) => move(seconds, 0),
    /** What /me says of an access token: the description of a 401, or the status. */
    async verdict(token: string): Promise<string | number> {
      const { status, body } = await as(token, '/me')
      return status === 401 ? body.error_description : status
    },
    get: (path: string, more?: RequestOptions) => request(url + path, more),
    as,
    /** A request with this API key. */
    withKey: (key: string, path = '/me', more: RequestOptions = {}) =>
      request(url + path, { ...more, headers: { ...more.headers, 'x-api-key': key } }),
    /** All that it has written so far. */
    log: () => log,
  }
}
