/** Judges what a file of definitions says by the schema from which editors complete. */
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { DefinitionProblem } from '../maintenance/definition-problem.ts'
import { type DefinitionsJson, definitionsSchema } from '../representations/definitions.ts'
import { sentenceOf } from '../representations/schema-sentences.ts'
import { problemsOfValues } from './definitions-values.ts'

/** The rules say these better, and what is from before there was a rule is in nobody's way. */
const forEditorsOnly = [
  ...['pattern', 'propertyNames', 'maxLength', 'minItems', 'minProperties', 'maxProperties'],
  ...['anyOf', 'not'],
]

async function compile(): Promise<ValidateFunction<DefinitionsJson>> {
  const { Ajv } = await import('ajv')
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false })
  for (const keyword of forEditorsOnly) ajv.removeKeyword(keyword)
  return ajv.compile<DefinitionsJson>(definitionsSchema)
}

const partsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))

function problemOf({ instancePath, keyword, params }: ErrorObject): DefinitionProblem {
  const inside = params['additionalProperty'] ?? params['missingProperty']
  const isOfMember = keyword === 'additionalProperties' || keyword === 'required'
  const path = [
    ...partsOf(instancePath),
    ...(isOfMember ? [String(inside)] : []),
    ...(keyword === 'dependencies' ? [String(params['property'])] : []),
  ]
  return { path, message: hintOf(path, keyword, params) ?? sentenceOf({ keyword, params }) }
}

/** For what people do write. */
function hintOf(path: readonly string[], keyword: string, params: ErrorObject['params']): string | undefined {
  const isOfClient = path.length === 3 && path[0] === 'clients'
  if (keyword === 'additionalProperties' && isOfClient && /secret|password/.test(path[2] ?? ''))
    return 'Secrets are never in the file: signet clients add-secret adds one.'
  if (keyword !== 'type') return undefined
  if (params['type'] === 'string') return 'It is a text: put what looks like something else in quotes.'
  if (params['type'] === 'object') return 'It is an object of members; one without any is {}.'
  return params['type'] === 'array' ? 'It is a list; one without entries is [].' : undefined
}

type Member = 'roles' | 'issuers' | 'clients'

/** Without those of which something is wrong: of the rest the rules say what is. */
function soundIn(value: unknown, problems: readonly DefinitionProblem[]): DefinitionsJson {
  const wrong = new Set(problems.map(({ path }) => JSON.stringify(path.slice(0, 2))))
  const soundOf = (member: Member): object => {
    const isWrong = (name: string) => wrong.has(JSON.stringify([member, name]))
    if (wrong.has(JSON.stringify([member])) || wrong.has('[]')) return {}
    const all = (value as DefinitionsJson)[member] ?? {}
    return Object.fromEntries(Object.entries(all).filter(([name]) => !isWrong(name)))
  }
  return { roles: soundOf('roles'), issuers: soundOf('issuers'), clients: soundOf('clients') } as DefinitionsJson
}

export interface CheckedDefinitions {
  readonly problems: readonly DefinitionProblem[]
  /** All that is said, but for roles, issuers and clients of which something is wrong. */
  readonly json: DefinitionsJson
}

export async function checkDefinitions(value: unknown): Promise<CheckedDefinitions> {
  const validate = await compile()
  const ofForm = validate(value) ? [] : (validate.errors ?? []).map(problemOf)
  const problems = [...ofForm, ...problemsOfValues(soundIn(value, ofForm))]
  return { problems, json: soundIn(value, problems) }
}
