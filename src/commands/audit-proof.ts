/** `signet audit verify`, `export` and `key`: what proves that nothing was removed. */
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { headOf } from '../audit/encoding.ts'
import { timeText, validTime } from '../audit/findings.ts'
import { parseHead } from '../audit/head-check.ts'
import { isPublicKeyText, publicKeyText } from '../audit/public-key.ts'
import type { Verdict } from '../audit/verification.ts'
import { isoTimeOrNull } from '../clock.ts'
import type { AuditProof } from '../maintenance/audit-proof.ts'
import type { AuditKey } from '../records/audit-seal.ts'
import { describeAuditKey } from '../representations/audit-export.ts'
import { fromFile, toLines } from './audit-lines.ts'
import { examples } from './help.ts'
import { printable } from './printable.ts'
import { table, WIDE } from './table.ts'
import { type Lines, Refused, type Terminal, UsageError } from './terminal.ts'
import { wrap } from './text-width.ts'
import type { TimeService } from './times.ts'
import { counted } from './what-goes.ts'

/** Made when it is asked for. */
export interface AuditProofService extends TimeService {
  auditProof(): Promise<AuditProof>
}

const describeVerdict = (verdict: Verdict) => ({
  ok: verdict.problems.length === 0,
  database: verdict.databaseId,
  head: verdict.last === undefined ? null : headOf(verdict.last),
  sealed_at: isoTimeOrNull(validTime(verdict.last?.sealedAtMs)),
  first_seal: verdict.first?.number ?? null,
  seals: verdict.seals,
  sealed_events: verdict.rows,
  unsealed_events: verdict.unsealed,
  problems: verdict.problems.map(({ message, seal, fromMs, untilMs, event }) => ({
    message,
    seal: seal ?? null,
    from: isoTimeOrNull(fromMs),
    until: isoTimeOrNull(untilMs),
    event: event ?? null,
  })),
  unlisted_problems: verdict.unlisted,
  warnings: verdict.warnings,
})

/** Under what is found, behind the word in front of it. */
const INDENT = ' '.repeat('PROBLEM  '.length)

function linesOf(verdict: Verdict): string[] {
  const { problems, unlisted, warnings, last, seals, rows, unsealed } = verdict
  const found = problems.length === 0 ? 'The audit is whole' : 'THE AUDIT IS NOT WHOLE'
  return [
    `${found}: ${counted(rows, 'event')} in ${counted(seals, 'seal')}, ${unsealed} not sealed yet`,
    ...problems.map(({ message }) => `PROBLEM  ${message}`),
    ...(unlisted === 0 ? [] : [`and ${unlisted} more`]),
    ...warnings.map(warning => `NOTE     ${warning}`),
    ...(last === undefined ? [] : [`Head: ${headOf(last)} of ${timeText(last.sealedAtMs)}`]),
    ...(problems.length === 0 ? [] : ['What to do: docs/runbooks/audit-not-whole.md']),
    // Whoever wrote the database could otherwise write over what is said of it.
  ].map(printable)
}

const isCurrent = (key: AuditKey, keys: readonly AuditKey[]): boolean => key === keys.at(-1)

function linesOfKeys(keys: readonly AuditKey[], shown: Parameters<typeof table>[2]): readonly string[] | Lines {
  if (keys.length === 0) return ['There is no audit key yet: signet serve makes the first one.']
  return table(
    [
      { head: 'PUBLIC KEY', cell: publicKeyText },
      { head: 'SEALS', cell: ({ firstSeal }) => `from ${firstSeal}` },
      { head: 'CREATED', cell: ({ createdAtMs }) => timeText(createdAtMs), wide: true },
      { head: 'STATE', cell: key => (isCurrent(key, keys) ? 'signs' : 'replaced') },
    ],
    keys,
    shown,
  )
}

/** A shell's variable that is not set must not pass for no key at all. */
function collectKeys(text: string, before: readonly string[] = []): readonly string[] {
  if (!isPublicKeyText(text)) throw new InvalidArgumentError('It is ed25519:…, as signet audit key prints it.')
  return [...before, text]
}

/** @throws UsageError */
function headIn(text: string | undefined) {
  const head = text === undefined ? undefined : parseHead(text)
  if (text !== undefined && head === undefined)
    throw new UsageError('A head is NUMBER:DIGEST, as the log and signet audit verify say it.')
  return head
}

/** Adds the verbs to the noun. */
export function addProofCommands(
  audit: Command,
  services: () => AuditProofService,
  { answer, stream }: Terminal,
): void {
  audit
    .command('verify')
    .description('check that no event was altered, removed or added; if one was, say which, with exit code 1')
    .argument('[file]', 'an export; without it, the database')
    .option('--head <number:digest>', 'a head that you noted elsewhere, so that events cut off after it are noticed')
    .option(
      '--public-key <key>',
      'a key that you noted elsewhere, as signet audit key prints it; may be repeated',
      collectKeys,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'signet audit verify',
        `signet audit verify audit.jsonl \\
--head 1042:q1Yh0gq0mJ4m3sQ2oXv7k9d5w8e6r4t2y1u3i5o7p9a`,
      ),
    )
    .action(async (file, options) => {
      const { publicKey: publicKeys = [] } = options
      const head = headIn(options.head)
      const proof = await services().auditProof()
      const verdict = await proof.verify(file === undefined ? undefined : fromFile(file), { publicKeys, head })
      answer(
        describeVerdict(verdict),
        ({ width }) => linesOf(verdict).flatMap(line => wrap(line, width, INDENT, 'keep')),
        options,
      )
      if (verdict.problems.length > 0) throw new Refused('')
    })

  audit
    .command('export')
    .description('print all events with their seals as JSON Lines, which `verify FILE` checks without the database')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet audit export > audit.jsonl'))
    .action(async () => {
      await stream(toLines(await (await services().auditProof()).read()))
    })

  audit
    .command('key')
    .description('print the public keys of the seals, to be noted elsewhere')
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .action(async ({ wide, json }) => {
      const keys = await (await services().auditProof()).keys()
      answer(
        keys.map(key => ({ ...describeAuditKey(key), public_key: publicKeyText(key), current: isCurrent(key, keys) })),
        linesOfKeys(keys, { nowMs: services().clock.now(), wide }),
        { json },
      )
    })
}
