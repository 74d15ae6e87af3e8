/**
 * Verifications of access tokens per second on one core, with `@signet/verifier` and with the libraries that services use beside it,
 * each in a process of its own, one after the other, in several rounds.
 *
 *     npm run bench:verify
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { addAccountsBefore, audience, refreshForm, signInForm } from './accounts.ts'
import { openConnection } from './connection.ts'
import { endService, prepareService, startService } from './service.ts'
import { libraries } from './verify/libraries.ts'

const ROUNDS = 3
const TOKENS = 100
const port = 34573
const issuer = `http://127.0.0.1:${port}`
const { environment, remove } = prepareService(port)

async function accessTokens(): Promise<readonly string[]> {
  const connection = await openConnection(port)
  const tokens: string[] = []
  let answer = JSON.parse((await connection.post('/oauth/token', signInForm())).body)
  while (tokens.push(answer.access_token) < TOKENS)
    answer = JSON.parse((await connection.post('/oauth/token', refreshForm(answer.refresh_token))).body)
  return tokens
}

function measure(name: string, tokens: readonly string[]): number {
  const program = fileURLToPath(new URL('verify/measure.ts', import.meta.url))
  const words = ['-c', '0', process.execPath, program, name, issuer, audience]
  return Number(execFileSync('taskset', words, { input: tokens.join('\n'), encoding: 'utf8' }))
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

try {
  await addAccountsBefore(environment)
  const service = await startService(environment, '1')
  try {
    const tokens = await accessTokens()
    const found = Object.fromEntries(Object.keys(libraries).map(name => [name, [] as number[]]))
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [name, rates] of Object.entries(found)) rates.push(measure(name, tokens))
    const jose = median(found['jose'] ?? [])
    for (const [name, rates] of Object.entries(found))
      console.log(
        `${name.padEnd(26)} ${median(rates).toFixed(0).padStart(9)} /s ${(median(rates) / jose).toFixed(1).padStart(7)} x jose`,
      )
  } finally {
    await endService(service)
  }
} finally {
  remove()
}
