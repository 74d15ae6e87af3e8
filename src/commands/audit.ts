import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { type AuditProofService, addProofCommands } from './audit-proof.ts'
import type { Terminal } from './terminal.ts'

export function auditCommand(services: () => AuditProofService, terminal: Terminal): CommandUnknownOpts {
  const audit = new Command('audit').description('who did what, when, from where')
  addProofCommands(audit, services, terminal)
  return audit
}
