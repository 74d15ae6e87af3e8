/** The imports of the sources as rooms and arrows, held against the table. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { FREE, keptPackages, type Row, table } from './table.ts'

const SOURCES = ['src/**/*.{js,ts}', 'db/migrations/*.ts', 'verifier/src/**/*.ts', 'examples/**/*.ts']

export interface Import {
  readonly file: string
  /** The path of a file, or the name of a package. */
  readonly target: string
  readonly isFile: boolean
}

/** `import … from`, `export … from`, `import '…'` and `import('…')`; types count like values. */
const IMPORT = /(?:^|[;}\s])(?:(?:import|export)\s[^'"`();]*?from\s*|import\s*)'([^']+)'/g
const DYNAMIC_IMPORT = /\bimport\s*\(\s*(?:'([^']*)'\s*[,)])?/g

/** Comments and strings, whichever begins first: a string may look like a comment, and a comment like a string. */
const TOKEN = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g
const withoutComments = (text: string): string => text.replace(TOKEN, token => (token.startsWith('/') ? '' : token))

/** Stands for what is known only when the program runs. */
const COMPUTED = 'a computed path'

const packageOf = (specifier: string): string => {
  const [scope = '', name] = specifier.split('/')
  return scope.startsWith('@') && name !== undefined ? `${scope}/${name}` : scope
}

/** Node's own modules and JSON files are left out. */
export function importsIn(file: string, text: string): readonly Import[] {
  const code = withoutComments(text)
  const specifiers = [
    ...[...code.matchAll(IMPORT)].map(([, specifier = '']) => specifier),
    ...[...code.matchAll(DYNAMIC_IMPORT)].map(([, specifier]) => specifier ?? COMPUTED),
  ]
  return specifiers
    .filter(specifier => !specifier.startsWith('node:') && !specifier.endsWith('.json'))
    .map(specifier => {
      const isFile = specifier.startsWith('.')
      return { file, isFile, target: isFile ? normalize(join(dirname(file), specifier)) : packageOf(specifier) }
    })
}

/** The files of the house. */
export const readFiles = (root: string): readonly string[] =>
  globSync(SOURCES, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] }).sort()

export const readImports = (root: string): readonly Import[] =>
  readFiles(root).flatMap(file => importsIn(file, readFileSync(join(root, file), 'utf8')))

/** The deepest room that holds the file, or undefined. */
export const roomOf = (file: string): string | undefined =>
  Object.keys(table)
    .filter(room => file === room || file.startsWith(`${room}/`))
    .sort((one, other) => other.length - one.length)[0]

const isRoomAllowed = ({ rooms }: Row, from: string, to: string): boolean =>
  from === to || rooms === 'every room' || rooms.includes(to) || (FREE.includes(to) && from.startsWith('src/'))

function problemOf({ file, target, isFile }: Import): string | undefined {
  const room = roomOf(file)
  const row = room === undefined ? undefined : table[room]
  if (room === undefined || row === undefined) return `${file} lies in no room of the table`
  if (isFile) {
    const to = roomOf(target)
    if (to !== undefined && isRoomAllowed(row, room, to)) return undefined
    return `${file} imports ${target}: ${room} may not import ${to ?? 'what lies in no room'}`
  }
  if (target === COMPUTED) return `${file} imports ${COMPUTED}, which no rule can judge`
  const isKept = keptPackages[target] !== undefined && row.rooms !== 'every room'
  const isAllowed =
    (row.packages?.includes(target) ?? true) &&
    (!isKept || keptPackages[target]?.some(kept => room === kept || room.startsWith(`${kept}/`)))
  return isAllowed ? undefined : `${file} imports ${target}: ${room} may not import this package`
}

/** Every file that lies in no room. */
export const homelessIn = (files: readonly string[]): readonly string[] =>
  files.filter(file => roomOf(file) === undefined)

/** Every import that the table does not allow, as a sentence. */
export const problemsIn = (imports: readonly Import[]): readonly string[] =>
  imports.map(problemOf).filter(problem => problem !== undefined)

/** Arrows from one name to those that it imports. */
export type Arrows = ReadonlyMap<string, ReadonlySet<string>>

/** @param nameOf what stands for a file: itself, or its room */
export function arrowsBetween(imports: readonly Import[], nameOf: (file: string) => string): Arrows {
  const arrows = new Map<string, Set<string>>()
  const at = (name: string) => arrows.get(name) ?? arrows.set(name, new Set()).get(name)
  for (const { file, target } of imports.filter(({ isFile }) => isFile)) {
    const [from, to] = [nameOf(file), nameOf(target)]
    at(to)
    if (from !== to) at(from)?.add(to)
  }
  return arrows
}

/**
 * The floor of each name, the ground floor being 1: one above the highest that it imports.
 * @returns undefined and a circle when there is one
 */
export function floorsOf(arrows: Arrows): {
  readonly floors: ReadonlyMap<string, number>
  readonly circle: readonly string[] | undefined
} {
  const floors = new Map<string, number>()
  let circle: readonly string[] | undefined
  const floorOf = (name: string, path: readonly string[]): number => {
    const known = floors.get(name)
    if (known !== undefined) return known
    if (path.includes(name)) {
      circle ??= [...path.slice(path.indexOf(name)), name]
      return 0
    }
    const below = [...(arrows.get(name) ?? [])].map(each => floorOf(each, [...path, name]))
    const floor = 1 + Math.max(0, ...below)
    floors.set(name, floor)
    return floor
  }
  for (const name of arrows.keys()) floorOf(name, [])
  return { floors, circle }
}
