/** The file that `signet apply` is given: bytes in, definitions out, and what is wrong with its line. */
import type { Readable } from 'node:stream'
import type { DefinitionProblem } from '../maintenance/definition-problem.ts'
import { FileRefused } from '../maintenance/file-refused.ts'
import type { Definitions } from '../records/definitions.ts'
import { definitionsOf } from '../representations/definitions.ts'
import { checkDefinitions } from './definitions-check.ts'
import { type ReadProblem, readYaml } from './definitions-yaml.ts'
import { type LargestFile, readText } from './files.ts'
import { printable } from './printable.ts'

const largest: LargestFile = { bytes: 4 * 1024 * 1024, advice: 'put what it says into several.' }
const MOST_PROBLEMS = 100

export interface DefinitionsFile {
  /** Where there are problems, without the roles, issuers and clients that have them. */
  readonly definitions: Definitions
  /** Of the form. */
  readonly problems: readonly DefinitionProblem[]
  /** Tells these, too, each with its line. */
  readonly refusal: (more: readonly DefinitionProblem[]) => FileRefused
}

const LONGEST_NAME = 64

/** As somebody wrote it, but for what a terminal obeys. */
const placeOf = (path: readonly string[]): string => path.map(part => printable(part).slice(0, LONGEST_NAME)).join('.')

function sentenceOf({ line, path, message }: ReadProblem): string {
  const place = [...(line === undefined ? [] : [`line ${line}`]), ...(path.length === 0 ? [] : [placeOf(path)])]
  return `  ${place.length === 0 ? '' : `${place.join(', ')}: `}${message}`
}

function refusalOf(problems: readonly ReadProblem[]): FileRefused {
  // Of each member what was found first: the rest mostly follows from it.
  const first = new Map(problems.toReversed().map(problem => [JSON.stringify(problem.path), problem]))
  const inOrder = [...first.values()].toReversed().toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0))
  const more = inOrder.length > MOST_PROBLEMS ? [`  and ${inOrder.length - MOST_PROBLEMS} more`] : []
  const lines = [...inOrder.slice(0, MOST_PROBLEMS).map(sentenceOf), ...more]
  return new FileRefused(['The file is wrong, and nothing was changed:', ...lines].join('\n'))
}

/**
 * @param file `-` for standard input
 * @throws FileRefused
 */
export async function readDefinitions(file: string, stdin: Readable): Promise<DefinitionsFile> {
  const text = await readText(file, stdin, largest)
  if (text.trim() === '') throw new FileRefused('The file is empty. One that defines nothing is {}.')
  const { value, problems: ofText, lineOf } = await readYaml(text)
  if (value === undefined) throw refusalOf(ofText)
  const { json, problems: ofForm } = await checkDefinitions(value)
  const withLine = (problem: DefinitionProblem): ReadProblem => ({ ...problem, line: lineOf(problem.path) })
  return {
    definitions: definitionsOf(json),
    problems: [...ofText, ...ofForm],
    refusal: more => refusalOf([...ofText, ...[...ofForm, ...more].map(withLine)]),
  }
}
