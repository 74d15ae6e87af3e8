import { Command, type CommandUnknownOpts, InvalidArgumentError } from '@commander-js/extra-typings'
import type { AuditTrail } from '../audit/trail.ts'
import { auditEventTypesOf, auditEventWords, auditOutcomes, type ListedAuditEvent } from '../records/audit-event.ts'
import { MOST_LISTED } from '../records/limits.ts'
import { describeAuditEvent } from '../representations/audit-event.ts'
import { linesOfEvent } from './audit-line.ts'
import { type AuditProofService, addProofCommands } from './audit-proof.ts'
import { examples } from './help.ts'
import { HIGHEST_LIMIT, ipAddress, moment, oneOf, wholeNumber } from './options.ts'
import type { Terminal } from './terminal.ts'

/** Made when it is asked for. */
export interface AuditService {
  auditTrail(): Promise<AuditTrail>
}

const LINES = 20

/**
 * The types that a word stands for, with those before it.
 * @throws InvalidArgumentError
 */
function collectTypes(word: string, before: readonly string[] = []): readonly string[] {
  const meant = auditEventTypesOf(word)
  if (meant.length === 0) throw new InvalidArgumentError(`It is one of ${auditEventWords.join(', ')}.`)
  return [...before, ...meant]
}

/** With the options that say which events. */
const filtered = (name: string) =>
  new Command(name)
    .option('--user <name>', 'by, to or as whoever has or had this name, or tried it; or by id')
    .option('--client <id>', 'the same for a client')
    .option(
      '--type <type>',
      'of this type, such as user.sign_in, or about this noun, such as session; may be repeated',
      collectTypes,
    )
    .option('--outcome <outcome>', auditOutcomes.join(' or '), oneOf(auditOutcomes))
    .option('--address <address>', 'from this IP address', ipAddress)
    .option('--wide', 'one line an event with all that is known of it')

/** Aborts when somebody has seen enough. */
function interruption(): AbortSignal {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
  return interrupted.signal
}

export function auditCommand(services: () => AuditService & AuditProofService, terminal: Terminal): CommandUnknownOpts {
  const { answer, remark } = terminal
  const audit = new Command('audit')
    .description('what happened: who, what, when, from where and why')
    .addHelpText(
      'after',
      examples('signet audit list --user alice --since 12h', 'signet audit tail --follow', 'signet audit verify'),
    )

  const list = filtered('list')
    .description(`list events, the oldest first; of more than --limit (${MOST_LISTED}), the newest`)
    .option('--since <when>', 'not before: a duration such as 12h, or a time such as 2026-03-01T22:30Z', moment)
    .option('--until <when>', 'before: the same', moment)
    .option('--limit <number>', `at most this many, from 1 to ${HIGHEST_LIMIT}`, wholeNumber(1, HIGHEST_LIMIT))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'signet audit list --user alice --since 12h',
        'signet audit list --type user.sign_in --outcome failure --since 2026-03-01',
      ),
    )
    .action(async ({ type: types, limit = MOST_LISTED, wide, json, ...search }) => {
      const { events, isAll } = await (await services().auditTrail()).list({ ...search, types }, limit, remark)
      answer(events.map(describeAuditEvent), display => events.flatMap(event => linesOfEvent(event, wide)(display)), {
        json,
      })
      if (!isAll) remark(`These are the newest ${limit}: narrow it, or give a higher --limit`)
    })

  const tail = filtered('tail')
    .description('show the newest events and, with --follow, new ones as they come; with --json, one a line')
    .option('-n, --lines <number>', `how many of the newest (${LINES})`, wholeNumber(0, MOST_LISTED))
    .option('-f, --follow', 'go on until interrupted')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet audit tail --follow', 'signet audit tail --client blog --lines 100'))
    .action(async ({ type: types, lines = LINES, follow, wide, json, ...search }) => {
      const trail = await services().auditTrail()
      const show = (events: readonly ListedAuditEvent[]) => {
        for (const event of events) answer(describeAuditEvent(event), linesOfEvent(event, wide), { json })
      }
      if (!follow) return show((await trail.list({ ...search, types }, lines, remark)).events)
      for await (const events of trail.follow({ ...search, types }, lines, remark, interruption())) show(events)
    })

  audit.addCommand(list).addCommand(tail)
  addProofCommands(audit, services, terminal)
  return audit
}
