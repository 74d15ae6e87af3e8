/** The `./signet` commands of a page of docs/integrations/, run beside a service. */
import type { Clock } from '../../src/clock.ts'
import { signet } from '../support/command-line.ts'
import type { Service } from '../support/serve.ts'
import { commandsOnPage } from './integration-pages.ts'

/** The words of one line, as a shell has them: in single quotes everything stands for itself. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

/**
 * Runs those of the page's first shell block, or of so many.
 * @returns the secrets that were shown, by client
 */
export async function setUpByPage(
  { environment }: Service,
  page: string,
  { blocks = 1, clock }: { readonly blocks?: number; readonly clock?: Clock } = {},
): Promise<Readonly<Record<string, string>>> {
  const commands = commandsOnPage(page).slice(0, blocks).join('')
  const lines = commands.replaceAll(/\\\n\s*/g, '').split('\n')
  const secrets: Record<string, string> = {}
  for (const line of lines.filter(each => each.startsWith('./signet '))) {
    const { code, stdout, stderr } = await signet(environment, wordsOf(line).slice(1), '', clock)
    if (code !== 0) throw new Error(`${line}: ${stdout}${stderr}`)
    const [, client = ''] = /^Added (\S+)/.exec(stdout) ?? []
    const [, secret] = /not shown again\): (\S+)/.exec(stdout) ?? []
    if (secret !== undefined) secrets[client] = secret
  }
  return secrets
}
