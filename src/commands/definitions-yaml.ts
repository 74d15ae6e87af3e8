/**
 * YAML 1.2, of which JSON is a part, read with the line of each member. Whoever wrote the file is not trusted with the memory or the time
 * of this process: what is large, deep or multiplied by aliases is refused before it is built.
 */
import type { Document, Node, YAMLMap } from 'yaml'

export interface ReadProblem {
  readonly line: number | undefined
  /** Where it stands, member by member. */
  readonly path: readonly string[]
  readonly message: string
}

export interface ReadYaml {
  readonly value: unknown
  /** The line of a member, or of the nearest that would hold it. */
  readonly lineOf: (path: readonly string[]) => number | undefined
  readonly problems: readonly ReadProblem[]
}

/** What the text is taken apart into: up to 500 bytes of memory each. A client has about 100. */
const MOST_TOKENS = 600_000
/** Those of aliases are counted each time. */
const MOST_VALUES = 300_000
const DEEPEST = 10
const MOST_PROBLEMS_OF_FORM = 5

const TOO_LARGE =
  'It is too large: put what it says into several files. What one of them does not name is left as it is.'
const TOO_DEEP = 'It is nested too deeply.'
const NO_ANCHOR = 'There is no anchor of this name. A * by itself is written in quotes.'

/** In the place of the library's, which repeat what stands there. */
const sentences: Readonly<Record<string, string>> = {
  BAD_ALIAS: NO_ANCHOR,
  BAD_INDENT: 'The indentation is wrong, or a bracket is missing.',
  BLOCK_AS_IMPLICIT_KEY: 'There is a second colon in this line: put the text in quotes, or begin a new line.',
  MISSING_CHAR: 'A closing quote, bracket, comma or colon is missing.',
  MULTIPLE_DOCS: 'There is more than one document in the file.',
  NON_STRING_KEY: 'The name of a member is a text.',
  RESOURCE_EXHAUSTION: TOO_DEEP,
  TAB_AS_INDENT: 'YAML is indented by spaces, not by tabs.',
  TAG_RESOLVE_FAILED: 'Tags have no meaning here.',
}

type Yaml = typeof import('yaml')

/** Ends the reading: everything else is said at once. */
class Unreadable extends Error {}

const refused = (problems: readonly ReadProblem[]): ReadYaml => ({
  value: undefined,
  lineOf: () => undefined,
  problems,
})
const whole = (message: string): ReadYaml => refused([{ line: undefined, path: [], message }])

function isTooLarge({ Lexer }: Yaml, text: string): boolean {
  let tokens = 0
  for (const _ of new Lexer().lex(text)) {
    tokens += 1
    if (tokens > MOST_TOKENS) return true
  }
  return false
}

const nameOf = ({ isScalar }: Yaml, key: unknown): string => String(isScalar(key) ? key.value : key)

/** @param lineAt of what begins at this offset */
function readValues(yaml: Yaml, document: Document.Parsed, lineAt: (offset: number) => number): ReadYaml {
  const { isAlias, isMap, isScalar, isSeq } = yaml
  const anchors = new Map<string, Node>()
  const problems: ReadProblem[] = []
  let values = 0
  const lineOfNode = (node: unknown): number => lineAt((node as Node | null)?.range?.[0] ?? 0)

  /** Own properties whatever their names are: `__proto__` is a client id as good as another. */
  function objectOf(map: YAMLMap, path: readonly string[]): object {
    const members = new Map<string, unknown>()
    for (const { key, value } of map.items) {
      const name = nameOf(yaml, key)
      const inside = [...path, name]
      if (members.has(name))
        problems.push({ line: lineOfNode(key), path: inside, message: 'This name is there twice.' })
      members.set(name, valueIn(value, inside))
    }
    return Object.fromEntries(members)
  }

  function valueIn(node: unknown, path: readonly string[]): unknown {
    values += 1
    if (values > MOST_VALUES) throw new Unreadable(TOO_LARGE)
    // An alias within its own anchor ends here, too.
    if (path.length > DEEPEST) throw new Unreadable(TOO_DEEP)
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target === undefined) problems.push({ line: lineOfNode(node), path, message: NO_ANCHOR })
      return target && valueIn(target, path)
    }
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isMap(node)) return objectOf(node, path)
    if (isSeq(node)) return node.items.map((item, index) => valueIn(item, [...path, String(index)]))
    return isScalar(node) ? node.value : null
  }

  function lineOf(path: readonly string[]): number {
    let node: unknown = document.contents
    let line = lineOfNode(node)
    for (const part of path) {
      if (isAlias(node)) node = anchors.get(node.source)
      const pair = isMap(node) ? node.items.find(({ key }) => nameOf(yaml, key) === part) : undefined
      const item = isSeq(node) ? node.items[Number(part)] : undefined
      if (pair === undefined && item === undefined) return line
      line = lineOfNode(pair?.key ?? item)
      node = pair?.value ?? item
    }
    return line
  }

  return { value: valueIn(document.contents, []), lineOf, problems }
}

export async function readYaml(text: string): Promise<ReadYaml> {
  const yaml = await import('yaml')
  if (isTooLarge(yaml, text)) return whole(TOO_LARGE)
  const lineCounter = new yaml.LineCounter()
  const lineAt = (offset: number): number => Math.max(lineCounter.linePos(offset).line, 1)
  // Names that are there twice are looked for here: the library compares each with each.
  const options = { version: '1.2', schema: 'core', merge: false, stringKeys: true, uniqueKeys: false } as const
  const document = yaml.parseDocument(text, { ...options, lineCounter, prettyErrors: false })
  const wrong = [...document.errors, ...document.warnings].slice(0, MOST_PROBLEMS_OF_FORM)
  if (wrong.length > 0) {
    const sentenceOf = (code: string) => sentences[code] ?? 'It is neither YAML nor JSON.'
    return refused(wrong.map(({ code, pos }) => ({ line: lineAt(pos[0]), path: [], message: sentenceOf(code) })))
  }
  try {
    return readValues(yaml, document, lineAt)
  } catch (error) {
    if (error instanceof Unreadable) return whole(error.message)
    throw error
  }
}
