/** The code in the README of the verifier, made to run here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './packed-verifier.ts'

export const readme = readFileSync(join(checkout, 'verifier/README.md'), 'utf8')

export interface Block {
  /** The nearest heading above it. */
  readonly heading: string
  readonly language: string
  readonly code: string
}

/** All code in the README, in order. */
export const blocks: readonly Block[] = readme.split(/^#+ (?=\S)/m).flatMap(section => {
  const heading = section.slice(0, section.indexOf('\n'))
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({
    heading,
    language,
    code,
  }))
})

export const programs = blocks.filter(({ language }) => language === 'ts')

/** @throws when there is none */
export function programUnder(heading: string): string {
  const block = programs.find(program => program.heading === heading)
  if (block === undefined) throw new Error(`The README has no program under "${heading}".`)
  return block.code
}

/** The names in the first column of the table whose header begins with a word. */
export function namesInTable(word: string): string[] {
  const [, rows = ''] = new RegExp(`^\\| ${word}.*\\n\\|[-|]+\\n((?:\\|.*\\n)+)`, 'm').exec(readme) ?? []
  return [...rows.matchAll(/^\| `(\w+)/gm)].map(([, name = '']) => name)
}

/** A program of the README with an issuer and a port of the test's own. */
export const placed = (code: string, issuer: string, port = 0): string =>
  code.replaceAll('https://login.example.com', issuer).replaceAll('8080', String(port))
