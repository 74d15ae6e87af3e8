/** The file that `signet apply` is given: bytes in, definitions out, and what is wrong with its line. */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import type { DefinitionProblem } from '../maintenance/definition-problems.ts'
import type { Definitions } from '../records/definitions.ts'
import { definitionsOf } from '../representations/definitions.ts'
import { checkDefinitions } from './definitions-check.ts'
import { type ReadProblem, readYaml } from './definitions-yaml.ts'
import { printable } from './printable.ts'

const MOST_BYTES = 4 * 1024 * 1024
const MOST_PROBLEMS = 100

/** What is wrong with the file, a line each: nothing was changed. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused'
}

export interface DefinitionsFile {
  /** Where there are problems, without the roles and clients that have them. */
  readonly definitions: Definitions
  /** Of the form. */
  readonly problems: readonly DefinitionProblem[]
  /** Tells these, too, each with its line. */
  readonly refusal: (more: readonly DefinitionProblem[]) => FileRefused
}

/** Of a code, what people say; nothing of the path, which they gave. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file.',
  EACCES: 'The file may not be read by this user.',
  EISDIR: 'That is a directory and no file.',
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code)

async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MOST_BYTES)
      throw new FileRefused(`The file has more than ${MOST_BYTES / 1024 / 1024} MiB: put what it says into several.`)
  }
  return Buffer.concat(chunks)
}

async function readFile(file: string): Promise<Buffer> {
  try {
    return await read(createReadStream(file))
  } catch (error) {
    if (error instanceof FileRefused) throw error
    throw new FileRefused(reasons[codeOf(error)] ?? `The file can't be read (${codeOf(error)}).`)
  }
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FileRefused('The file is not UTF-8.')
  }
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
  const text = decoded(file === '-' ? await read(stdin) : await readFile(file))
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
