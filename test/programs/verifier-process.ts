/**
 * A resource service in a process of its own, with a verifier in a time of its own: ISSUER AUDIENCE, and CLIENT as which it exchanges API
 * keys. Each line of standard input is a command, and is answered by a line: `ready`, `advance MS`, `verify TOKEN TIMES` (how often it came
 * to what), `verify-key KEY TIMES` (the same, with the scope).
 */
import { createInterface } from 'node:readline'
import { createVerifier, type TokenError } from '@signet/verifier'
import { outcomeOf, testEnvironment } from '../support/verifier-environment.ts'

const [issuer = '', audience = '', clientId = 'nobody'] = process.argv.slice(2)
const environment = testEnvironment()
const verifier = createVerifier({ issuer, audience }, environment)
const apiKeys = verifier.apiKeys({ clientId })

async function outcomeOfKey(key: string): Promise<string> {
  try {
    return `accepted ${(await apiKeys.verify(key)).scope ?? ''}`.trim()
  } catch (error) {
    return (error as TokenError).code
  }
}

async function count(times: string, outcome: () => Promise<string>): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {}
  for (let time = 0; time < Number(times); time += 1) {
    const came = await outcome()
    outcomes[came] = (outcomes[came] ?? 0) + 1
  }
  return outcomes
}

const commands: Readonly<Record<string, (...words: readonly string[]) => Promise<unknown>>> = {
  ready: () => verifier.ready(),
  advance: ms => environment.advance(Number(ms)),
  verify: (token = '', times = '1') => count(times, () => outcomeOf(verifier, token)),
  'verify-key': (key = '', times = '1') => count(times, () => outcomeOfKey(key)),
}

for await (const line of createInterface(process.stdin)) {
  const [command = '', ...words] = line.split(' ')
  process.stdout.write(`${JSON.stringify((await commands[command]?.(...words)) ?? null)}\n`)
}
