/** `issuers test`: what would be decided of a token, for whoever sets a workload up. */
import type { Command } from '@commander-js/extra-typings'
import type { Clients } from '../accounts/clients.ts'
import type { TrustedIssuers } from '../accounts/trusted-issuers.ts'
import { isoTime } from '../clock.ts'
import type { IssuerInspection } from '../oauth/assertions/inspection.ts'
import { isRefused, type ProvedAssertion } from '../oauth/assertions/outcome.ts'
import type { AuditDetails } from '../records/audit-event.ts'
import type { Client } from '../records/client.ts'
import type { TrustedIssuer } from '../records/trusted-issuer.ts'
import { sentenceOf } from './assertion-sentences.ts'
import { readText } from './files.ts'
import { examples } from './help.ts'
import { printable } from './printable.ts'
import { Refused, type Terminal } from './terminal.ts'

interface IssuerTestServices {
  issuers(): Promise<TrustedIssuers>
  issuerInspection(): Promise<IssuerInspection>
  clients(): Promise<Clients>
  /** Our issuer identifier. */
  readonly issuer: string
}

interface Refusal {
  /** As the audit would say it. */
  readonly reason: string
  readonly message: string
  readonly details?: AuditDetails
}

const describe = (decision: ProvedAssertion | Refusal) => ({
  decision: 'reason' in decision ? 'refused' : 'accepted',
  reason: 'reason' in decision ? decision.reason : null,
  message: 'reason' in decision ? decision.message : null,
  trust_id: 'reason' in decision ? null : decision.credential.id,
  details: decision.details ?? null,
  expires_at: 'reason' in decision ? null : isoTime(decision.expiresAtMs),
})

function linesOf(decision: ProvedAssertion | Refusal): string[] {
  if (!('reason' in decision)) return [`accepted by ${decision.credential.id} until ${isoTime(decision.expiresAtMs)}`]
  const { sub, did_not_match: mismatches = [] } = decision.details ?? {}
  return [
    `refused: ${decision.message}`,
    ...(sub === undefined ? [] : [`sub: ${printable(sub)}`]),
    ...mismatches.map(({ claim, condition, seen }) =>
      printable(`did not match: ${claim} is ${seen === null ? 'not there' : seen}, and not ${condition}`),
    ),
  ]
}

const largestToken = { bytes: 1024 * 1024, advice: 'it is no token.' }

export function issuerTestCommand(
  issuers: Command,
  services: () => IssuerTestServices,
  { answer, stdin }: Terminal,
): void {
  async function decide(issuer: TrustedIssuer, client: Client, token: string): Promise<ProvedAssertion | Refusal> {
    const outcome = await (await services().issuerInspection()).test(issuer, client, token)
    if (client.status !== 'active')
      return { reason: `client_${client.status}`, message: `The client is ${client.status}, whatever it presents.` }
    if (!isRefused(outcome)) return outcome
    const { problem: reason, details } = outcome
    return { reason, message: sentenceOf(reason, issuer, services().issuer), ...(details && { details }) }
  }

  issuers
    .command('test')
    .description('say whether a token on standard input would be accepted, and why; changes nothing')
    .argument('<name>')
    .requiredOption('--client <id>', 'the client that would present it')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nExit codes: 0 it would be accepted; 1 it would be refused, or could not be\ntested.\n${examples(
        'signet issuers test github --client deploy < token.jwt',
      )}`,
    )
    .action(async (name, options) => {
      const issuer = await (await services().issuers()).find(name)
      const client = await (await services().clients()).find(options.client)
      const decision = await decide(issuer, client, (await readText('-', stdin, largestToken)).trim())
      answer(describe(decision), linesOf(decision), options)
      if ('reason' in decision) throw new Refused('')
    })
}
