/** The files and commands on the pages of docs/integrations/, made to run here. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What a page calls the issuer. */
export const ISSUER = 'https://login.example.com'

const textOf = (page: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/integrations/${page}.md`, import.meta.url)), 'utf8')

/**
 * The block below a line that is nothing but the file's name in backticks and a colon.
 * @throws when the page has not exactly one
 */
export function fileOnPage(page: string, name: string): string {
  const named = new RegExp(`^\`${RegExp.escape(name)}\`:\\n\\n\`\`\`\\w*\\n(.*?)^\`\`\`$`, 'gms')
  const [found, ...more] = [...textOf(page).matchAll(named)]
  if (found === undefined || more.length > 0) throw new Error(`docs/integrations/${page}.md has not one ${name}.`)
  return found[1] ?? ''
}

/**
 * The block whose first line is this.
 * @throws when the page has not exactly one
 */
export function blockOnPage(page: string, line: string): string {
  const begun = new RegExp(`^\`\`\`\\w*\\n(${RegExp.escape(line)}\\n.*?)^\`\`\`$`, 'gms')
  const [found, ...more] = [...textOf(page).matchAll(begun)]
  if (found === undefined || more.length > 0) throw new Error(`docs/integrations/${page}.md has not one block ${line}.`)
  return found[1] ?? ''
}

/** The shell blocks of a page, in order. */
export const commandsOnPage = (page: string): string[] =>
  [...textOf(page).matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)

/**
 * A text with other values in the place of those that it has: an address, a port, a secret.
 * @throws when it has not one of them: the test would try something else than the page says
 */
export function placed(text: string, values: Readonly<Record<string, string>>): string {
  let changed = text
  for (const [before, after] of Object.entries(values)) {
    if (!changed.includes(before)) throw new Error(`There is no ${before} in:\n${text}`)
    changed = changed.replaceAll(before, after)
  }
  return changed
}
