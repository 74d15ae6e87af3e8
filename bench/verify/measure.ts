/** One library in a process of its own: NAME ISSUER AUDIENCE, tokens on standard input, one a line. Prints verifications a second. */
import { readFileSync } from 'node:fs'
import { libraries } from './libraries.ts'

const WARM_UP_MS = 1000
const MEASURED_MS = 3000

const [name = '', issuer = '', audience = ''] = process.argv.slice(2)
const tokens = readFileSync(0, 'utf8').trim().split('\n')
const header = Buffer.from(tokens[0]?.split('.')[0] ?? '', 'base64url').toString()
const verify = await libraries[name]?.({ issuer, audience, kid: JSON.parse(header).kid })
if (verify === undefined) throw new Error(`${name} is not known`)

/** @returns verifications a second */
async function run(ms: number): Promise<number> {
  const begin = performance.now()
  let count = 0
  for (let now = begin; now < begin + ms; now = performance.now()) {
    for (const token of tokens) await verify?.(token)
    count += tokens.length
  }
  return count / ((performance.now() - begin) / 1000)
}

await run(WARM_UP_MS)
console.log(await run(MEASURED_MS))
process.exit(0)
