import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Doctor } from '../maintenance/doctor.ts'
import { operator, Refused, type Terminal } from './terminal.ts'

/** Made when it is asked for. */
export interface DoctorService {
  doctor(): Promise<Doctor>
}

export const doctorCommand = (services: () => DoctorService, { answer }: Terminal): CommandUnknownOpts =>
  new Command('doctor')
    .description('check configuration, database, clock and keys, and say what to mend')
    .option('--accept-restore', 'after a backup was put back: end what is older, and serve again')
    .option('--json', 'print JSON')
    .action(async options => {
      const doctor = await services().doctor()
      const accepted = options.acceptRestore === true ? await doctor.acceptRestore(operator()) : undefined
      const findings = await doctor.examine()
      const lines = findings.map(
        ({ check, problem }) =>
          `${problem === undefined ? 'ok     ' : 'PROBLEM'}  ${check}${problem === undefined ? '' : `: ${problem}`}`,
      )
      if (accepted !== undefined)
        lines.unshift(
          `Accepted the restore: ${accepted.sessions} sessions ended, ${accepted.keys} signing keys revoked`,
          'What changed after the backup is not known here: users, passwords, roles, clients and secrets that were added,',
          'changed or removed since. Go through them, and set again what was changed because it was stolen.',
        )
      const isWell = findings.every(({ problem }) => problem === undefined)
      answer(
        {
          ok: isWell,
          findings: findings.map(({ check, problem }) => ({
            check,
            ok: problem === undefined,
            problem: problem ?? null,
          })),
          ...(accepted && { accepted_restore: accepted }),
        },
        lines,
        options,
      )
      if (!isWell) throw new Refused('')
    })
