import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { isoTime } from '../clock.ts'
import type { KeyLifecycle } from '../keys/key-lifecycle.ts'
import { type KeyPolicy, rotatesAtMs } from '../keys/schedule.ts'
import type { KeyAdministration } from '../maintenance/keys.ts'
import type { SigningKey } from '../records/signing-key.ts'
import { describeSigningKey } from '../representations/signing-key.ts'
import { timeline } from './keys-timeline.ts'
import { table } from './table.ts'
import { operator, type Terminal, UsageError } from './terminal.ts'

/** Made when it is asked for. */
export interface KeysService {
  keys(): Promise<KeyAdministration>
}

function nextStep(key: SigningKey, activatesAtMs: number | undefined): string {
  if (key.state === 'retiring') return `leaves the JWKS ${isoTime(key.retiresAtMs ?? 0)}`
  if (key.state === 'active' && activatesAtMs !== undefined) return `stops signing ${isoTime(activatesAtMs)}`
  if (key.state !== 'pending') return ''
  return activatesAtMs === undefined
    ? `may sign from ${isoTime(key.activatesAtMs)}`
    : `signs from ${isoTime(activatesAtMs)}`
}

function describe(keys: readonly SigningKey[], policy: KeyPolicy, nowMs: number): string[] {
  const activatesAtMs = rotatesAtMs(keys, policy)
  const rows = keys.map(key => [key.kid, key.state, isoTime(key.sinceMs), key.cause, nextStep(key, activatesAtMs)])
  return [...table(['KID', 'STATE', 'SINCE', 'CAUSE', 'NEXT'], rows), '', ...timeline(keys, activatesAtMs, nowMs)]
}

/** Answers what was revoked, and whether verifiers know the key that signs now. */
async function revoke(lifecycle: KeyLifecycle, kid: string | undefined, reason: string) {
  if (kid === undefined) return { revoked: await lifecycle.revokeAll(reason, operator()), isKnown: false }
  const { signerIsKnown } = await lifecycle.revoke(kid, reason, operator())
  return { revoked: [kid], isKnown: signerIsKnown }
}

export function keysCommand(services: () => KeysService, { answer }: Terminal): CommandUnknownOpts {
  const keys = new Command('keys').description('the keys that sign access tokens')

  keys
    .command('list')
    .description('list the keys: what signs when, and what is published until when')
    .option('--json', 'print JSON')
    .action(async options => {
      const { lifecycle, policy, now } = await services().keys()
      const all = await lifecycle.list()
      const activatesAtMs = rotatesAtMs(all, policy)
      answer(
        all.map(key => describeSigningKey(key, activatesAtMs)),
        describe(all, policy, now()),
        options,
      )
    })

  keys
    .command('rotate')
    .description('let the standby sign: at once if it was published for long enough, else as soon as it was')
    .option('--json', 'print JSON')
    .action(async options => {
      const { lifecycle, assertOriginal, now } = await services().keys()
      await assertOriginal()
      const { kid, activatesAtMs } = await lifecycle.rotate(operator())
      const isDone = activatesAtMs <= now()
      const line = isDone ? `${kid} signs now` : `${kid} signs from ${isoTime(activatesAtMs)} on, while a server runs`
      answer({ kid, state: isDone ? 'active' : 'pending', activates_at: isoTime(activatesAtMs) }, [line], options)
    })

  keys
    .command('revoke')
    .description('take a key out of the JWKS at once, with every token that it signed')
    .argument('[kid]', 'the key')
    .option('--all', 'every key: the whole key store was read; new ones are made and used at once')
    .requiredOption('--reason <reason>', 'why, for the audit')
    .option('--json', 'print JSON')
    .action(async (kid, options) => {
      if ((kid === undefined) === (options.all === undefined)) throw new UsageError('Give a kid or --all.')
      if (options.reason.trim() === '') throw new UsageError('Give a reason: it is all that the audit will say.')
      const { lifecycle, countLiveSessions, assertOriginal } = await services().keys()
      await assertOriginal()
      const liveSessions = await countLiveSessions(kid)
      const { revoked, isKnown } = await revoke(lifecycle, kid, options.reason)
      const lines = [
        `Revoked ${revoked.join(', ')}`,
        `This ends the access tokens of ${liveSessions} sessions; each gets a new one at its next refresh`,
      ]
      if (!isKnown)
        lines.push(
          'A key signs now that verifiers have not seen: verification of new tokens fails until they fetch the JWKS again',
        )
      answer(
        { revoked, reason: options.reason, live_sessions: liveSessions, signer_was_published: isKnown },
        lines,
        options,
      )
    })

  return keys
}
