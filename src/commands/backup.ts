import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { BackUp } from '../maintenance/backup.ts'
import type { Terminal } from './terminal.ts'

export interface BackupService {
  readonly backup: BackUp
}

export const backupCommand = (services: () => BackupService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('backup')
    .description('copy the database to a file, consistent, also beside a running service')
    .argument('<file>', 'it must not exist')
    .option('--json', 'print JSON')
    .action(async (file, options) => {
      await services().backup(file)
      answer(
        { file },
        [`Wrote ${file}`, 'It holds no signing keys: keep a copy of the key directory too, apart from this one'],
        options,
      )
    })
