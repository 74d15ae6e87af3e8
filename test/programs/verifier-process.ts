/**
 * A resource service in a process of its own, with a verifier in a time of its own: ISSUER AUDIENCE. Each line of standard input is a command,
 * and is answered by a line: `ready`, `advance MS`, `verify TOKEN TIMES` (how often it came to what).
 */
import { createInterface } from 'node:readline'
import { createVerifier } from '@signet/verifier'
import { outcomeOf, testEnvironment } from '../support/verifier-environment.ts'

const [issuer = '', audience = ''] = process.argv.slice(2)
const environment = testEnvironment()
const verifier = createVerifier({ issuer, audience }, environment)

const commands: Readonly<Record<string, (...words: readonly string[]) => Promise<unknown>>> = {
  ready: () => verifier.ready(),
  advance: ms => environment.advance(Number(ms)),
  async verify(token = '', times = '1') {
    const outcomes: Record<string, number> = {}
    for (let time = 0; time < Number(times); time += 1) {
      const outcome = await outcomeOf(verifier, token)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
    return outcomes
  },
}

for await (const line of createInterface(process.stdin)) {
  const [command = '', ...words] = line.split(' ')
  process.stdout.write(`${JSON.stringify((await commands[command]?.(...words)) ?? null)}\n`)
}
