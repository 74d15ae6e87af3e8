import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { isoTime, isoTimeOrNull } from '../clock.ts'
import type { KeyAdministration } from '../maintenance/keys.ts'
import { MOST_COUNTED } from '../records/limits.ts'
import type { SigningKey } from '../records/signing-key.ts'
import { describeSigningKey } from '../representations/signing-key.ts'
import { examples } from './help.ts'
import { describeRewrap, linesOfRewrap } from './keys-rewrap.ts'
import { timeline } from './keys-timeline.ts'
import { type Column, table, WIDE } from './table.ts'
import { type Lines, operator, Refused, type Terminal, UsageError, YES } from './terminal.ts'
import { wrapEach } from './text-width.ts'
import { counted } from './what-goes.ts'

/** Made when it is asked for. */
export interface KeysService {
  keys(): Promise<KeyAdministration>
}

type Listed = Awaited<ReturnType<KeyAdministration['list']>>

/** @param time how long ago, or exactly */
function whenOf(key: SigningKey, { activatesAtMs, nowMs }: Listed, time: (atMs: number) => string): string {
  // Where no server runs nothing is done in time.
  const step = (atMs: number, is: string, was: string) => `${atMs > nowMs ? is : was} ${time(atMs)}`
  if (key.state === 'retiring') return step(key.retiresAtMs ?? 0, 'leaves the JWKS', 'was to leave')
  if (key.state === 'active')
    return activatesAtMs === undefined ? 'no rotation is planned' : step(activatesAtMs, 'stops signing', 'was to stop')
  if (key.state !== 'pending') return time(key.sinceMs)
  return activatesAtMs === undefined
    ? step(key.activatesAtMs, 'may sign', 'ready')
    : step(activatesAtMs, 'signs', 'was to sign')
}

const columnsOf = (listed: Listed): readonly Column<SigningKey>[] => [
  { head: 'KID', cell: ({ kid }) => kid },
  { head: 'STATE', cell: ({ state }) => state, isStatus: true },
  { head: 'SINCE', cell: ({ sinceMs }, time) => time(sinceMs), wide: true },
  { head: 'CAUSE', cell: ({ cause }) => cause, wide: true },
  { head: 'WHEN', cell: (key, time) => whenOf(key, listed, time), flexible: 'cut' },
]

const linesOf =
  (listed: Listed, wide: true | undefined): Lines =>
  display => {
    const { keys, activatesAtMs, nowMs } = listed
    const rows = table(columnsOf(listed), keys, { nowMs, wide })(display)
    return [...rows, '', ...timeline(keys, activatesAtMs, nowMs)]
  }

/** @param count undefined when it was not counted */
const sessionsOf = (count: number | undefined): string =>
  count === undefined ? 'its sessions' : counted(count, 'session', MOST_COUNTED)

function whatRevokeEnds(kid: string | undefined, liveSessions: number): string {
  const tokens = `This ends the access tokens of ${counted(liveSessions, 'session', MOST_COUNTED)}; each gets a new one at its next refresh.`
  return kid === undefined
    ? `Every key leaves the JWKS at once, and new ones sign that no verifier has seen yet. ${tokens}`
    : `${kid} leaves the JWKS at once. ${tokens}`
}

type Revocation = Awaited<ReturnType<KeyAdministration['revoke']>>

function whatFollows({ followUp, signerIsKnown }: Revocation): string[] {
  if (followUp !== undefined)
    return [
      `${followUp.kid} signs from ${isoTime(followUp.activatesAtMs)} on, while a server runs: until then the revoked key is taken by verifiers that fetch keys only when they meet an unknown one`,
    ]
  if (!signerIsKnown) return []
  return [
    'No rotation is known to follow: restart the verifiers that fetch keys only when they meet an unknown one, or they go on taking the revoked key',
  ]
}

const linesOfRevocation = (done: Revocation): string[] => [
  `Revoked ${done.revoked.join(', ')}`,
  `This ends the access tokens of ${sessionsOf(done.liveSessions)}; each gets a new one at its next refresh`,
  ...(done.signerIsKnown
    ? []
    : [
        'A key signs now that verifiers have not seen: verification of new tokens fails until they fetch the JWKS again',
      ]),
  ...whatFollows(done),
  ...(done.auditKid === undefined
    ? []
    : ['The key that seals the audit was replaced, too: note the new one, signet audit key']),
]

export function keysCommand(services: () => KeysService, { answer, confirm }: Terminal): CommandUnknownOpts {
  const keys = new Command('keys')
    .description('the keys that sign access tokens')
    .addHelpText('after', examples('signet keys list', 'signet keys rotate'))

  keys
    .command('list')
    .description('list the signing keys: which signs when, and which is published until when')
    .option('--wide', WIDE)
    .option('--json', 'print JSON')
    .action(async ({ wide, json }) => {
      const listed = await (await services().keys()).list()
      const { keys: all, activatesAtMs } = listed
      answer(
        all.map(key => describeSigningKey(key, activatesAtMs)),
        linesOf(listed, wide),
        { json },
      )
    })

  keys
    .command('rotate')
    .description('let the standby key sign: at once if it has been published for long enough, else as soon as it has')
    .option('--json', 'print JSON')
    .action(async options => {
      const { kid, activatesAtMs, isDone } = await (await services().keys()).rotate(operator())
      const line = isDone ? `${kid} signs now` : `${kid} signs from ${isoTime(activatesAtMs)} on, while a server runs`
      answer(
        { kid, state: isDone ? 'active' : 'pending', activates_at: isoTime(activatesAtMs) },
        ({ width }) => wrapEach([line], width),
        options,
      )
    })

  keys
    .command('revoke')
    .description('take a key out of the JWKS at once, which ends every token that it signed; give a kid or --all')
    .argument('[kid]', 'the key')
    .option('--all', 'every key, after the whole key store was read; new ones are made and used at once')
    .requiredOption('--reason <reason>', 'why, for the audit')
    .option('--yes', YES)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        "signet keys revoke 3q2-7w --reason 'its file was in a copied image'",
        "signet keys revoke --all --reason 'the key directory was copied'",
      ),
    )
    .action(async (kid, options) => {
      if ((kid === undefined) === (options.all === undefined)) throw new UsageError('Give a kid or --all.')
      if (options.reason.trim() === '') throw new UsageError('Give a reason: it is all that the audit will say.')
      await confirm(async () => whatRevokeEnds(kid, await (await services().keys()).countLiveSessions(kid)), options)
      const done = await (await services().keys()).revoke(kid, options.reason, operator())
      const { revoked, liveSessions, signerIsKnown, followUp, auditKid } = done
      answer(
        {
          ...{ revoked, reason: options.reason, live_sessions: liveSessions, signer_was_published: signerIsKnown },
          ...{ next_kid: followUp?.kid ?? null, next_rotation_at: isoTimeOrNull(followUp?.activatesAtMs ?? null) },
          ...(auditKid !== undefined && { audit_kid: auditKid }),
        },
        ({ width }) => wrapEach(linesOfRevocation(done), width),
        options,
      )
    })

  keys
    .command('rewrap')
    .description('bring all private keys to where SIGNET_KEYS_STORE says, encrypted under SIGNET_KEY_ENCRYPTION_KEY')
    .option('--remove-copies', 'also remove them from where they were before SIGNET_KEYS_STORE changed')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('signet keys rewrap', 'SIGNET_KEYS_STORE=database signet keys rewrap --remove-copies'),
    )
    .action(async options => {
      const done = await (await services().keys()).rewrap(options.removeCopies ?? false, operator())
      answer(describeRewrap(done), linesOfRewrap(done), options)
      if (done.left.length > 0) throw new Refused('')
    })

  return keys
}
