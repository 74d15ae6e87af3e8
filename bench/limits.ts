/** What no token service can exceed on this machine: its RSA signatures and its password hashes, each alone. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** @param cores as taskset takes them */
function runOn(cores: string, words: readonly string[]): string {
  return execFileSync('taskset', ['-c', cores, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

/** RSA-2048 signatures per second of these cores together, by OpenSSL's own benchmark. */
export function opensslSignatures(cores: string): number {
  const processes = cores.split(',').length
  const multi = processes > 1 ? ['-multi', String(processes)] : []
  const report = runOn(cores, ['openssl', 'speed', '-seconds', '3', '-mr', ...multi, 'rsa2048'])
  // +F2:<index>:<bits>:<signatures per second>:<verifications per second>; of several processes the sum comes last
  const [, signatures] = [...report.matchAll(/^\+F2:\d+:2048:([\d.]+)/gm)].at(-1) ?? []
  return Number(signatures)
}

export interface BareArgon2 {
  readonly perSecond: number
  /** Processor time of one hash. */
  readonly cpuMicroseconds: number
}

/** Verifications of an Argon2id hash of these cores together, with the package and the cost of the service. */
export function bareArgon2(cores: string): BareArgon2 {
  const program = fileURLToPath(new URL('limits/bare-argon2.ts', import.meta.url))
  return JSON.parse(runOn(cores, [process.execPath, program, String(cores.split(',').length)]))
}
