/** A process that has a verifier and, once the verifier is ready, nothing to do: ISSUER AUDIENCE. */
import { createVerifier } from '@signet/verifier'
import { untilAllAreReady } from '../support/together.ts'

const [issuer = '', audience = ''] = process.argv.slice(2)
await untilAllAreReady()
const verifier = createVerifier({ issuer, audience })
await verifier.ready()
process.stdout.write(`${verifier.health().status}\n`)
