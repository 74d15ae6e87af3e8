import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { BackUp } from '../maintenance/backup.ts'
import { examples } from './help.ts'
import { printable } from './printable.ts'
import { operator, type Terminal } from './terminal.ts'

export interface BackupService {
  readonly backup: BackUp
}

const WITH_KEYS = 'It holds the private keys, encrypted: keep SIGNET_KEY_ENCRYPTION_KEY elsewhere'
const WITHOUT_KEYS = 'It holds no signing keys: also keep a copy of the key directory, elsewhere'

export const backupCommand = (services: () => BackupService, { answer, remark }: Terminal): CommandUnknownOpts =>
  new Command('backup')
    .description('copy the database to a file, consistently, also beside a running service')
    .argument('<file>', 'a file that does not exist yet')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('signet backup /backup/signet-2026-03-01.sqlite'))
    .action(async (file, options) => {
      const { unrecorded, holdsKeys } = await services().backup(file, operator())
      answer({ file }, [`Wrote ${printable(file)}`, holdsKeys ? WITH_KEYS : WITHOUT_KEYS], options)
      if (unrecorded !== undefined)
        remark(`The copy is complete, but the audit of the database does not have it: ${unrecorded}`)
    })
