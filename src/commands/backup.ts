import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { BackUp } from '../maintenance/backup.ts'
import { operator, type Terminal } from './terminal.ts'

export interface BackupService {
  readonly backup: BackUp
}

export const backupCommand = (services: () => BackupService, { answer, remark }: Terminal): CommandUnknownOpts =>
  new Command('backup')
    .description('copy the database to a file, consistent, also beside a running service')
    .argument('<file>', 'it must not exist')
    .option('--json', 'print JSON')
    .action(async (file, options) => {
      const unrecorded = await services().backup(file, operator())
      answer(
        { file },
        [`Wrote ${file}`, 'It holds no signing keys: keep a copy of the key directory too, apart from this one'],
        options,
      )
      if (unrecorded !== undefined)
        remark(`The copy is complete, but the audit of the database does not have it: ${unrecorded}`)
    })
