/** Resource services with the libraries that people use, each in a process of its own, in which time runs as the scale says. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { api } from '../../support/serve.ts'
import { SCALE_VARIABLE, type Scale } from './scaled-clock.ts'

/** Each library with the seconds for which it uses a copy of the JWKS; undefined: until it meets a kid that it does not know. */
export const libraries = {
  /** Asks again for a kid that it does not know, but not within 30 s. */
  jose: 600,
  /** Asks again for a kid that it does not know. */
  'PyJWKClient-like': 300,
  /** Asks for nothing in between: what the max-age allows, to a proxy for example. */
  'patient cache': 300,
  'aws-jwt-verify': undefined,
  /** For each kid. When the kid is gone, it goes on with what it had until nobody has used it for as long again. */
  'fast-jwt with get-jwks': 60,
} as const

export type LibraryName = keyof typeof libraries
export const libraryNames = Object.keys(libraries) as readonly LibraryName[]

export interface Verification {
  readonly token: string
  /** By the scaled time. */
  readonly beganAtMs: number
  readonly endedAtMs: number
  /** Why the token was refused; undefined when it was accepted. */
  readonly failure?: string
}

export interface Verifier {
  readonly name: LibraryName
  verify(tokens: readonly string[]): Promise<readonly Verification[]>
}

const path = (name: string): string => fileURLToPath(new URL(`../../programs/${name}`, import.meta.url))

export function startVerifier(t: Test, name: LibraryName, issuer: string, scale: Scale): Verifier {
  const words = ['--import', path('scaled-time.ts'), path('verify-lines.ts'), name, issuer, api]
  // Without the loader that tap puts into NODE_OPTIONS.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, ...words], {
    env: { ...process.env, [SCALE_VARIABLE]: JSON.stringify(scale) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close').then(([code]) => {
    throw new Error(`The verifier ${name} ended with ${code}.`)
  })
  // Reported to whoever waits for an answer; at the end nobody does.
  closed.catch(() => undefined)
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    name,
    async verify(tokens) {
      child.stdin.write(`${JSON.stringify(tokens)}\n`)
      const { value = '' } = await Promise.race([lines.next(), closed])
      return JSON.parse(value)
    },
  }
}
