/** Judges JSON by the schema that openapi.yaml shows of it (JSON Schema 2020-12), in sentences for whoever filled in the form. */
import { createRequire } from 'node:module'
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import type { FieldProblem } from '../accounts/rules.ts'
import { sentenceOf } from '../representations/schema-sentences.ts'

export interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, object>>
  readonly required?: readonly string[]
  readonly additionalProperties?: false
}

const require = createRequire(import.meta.url)
let ajv: Ajv2020 | undefined

/** Loaded when it is first used: a service that nobody administers over HTTP has no need of it. */
function compile(schema: object): ValidateFunction {
  ajv ??= new (require('ajv/dist/2020.js').Ajv2020)({
    allErrors: true,
    strict: false,
    validateFormats: false,
  }) as Ajv2020
  return ajv.compile(schema)
}

/** The member of the body, whatever lies within it. */
function fieldOf({ instancePath, params }: ErrorObject): string {
  const [, first] = instancePath.split('/')
  const name = first ?? params['missingProperty'] ?? params['additionalProperty'] ?? ''
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}

/**
 * @param refused why a member that the schema lacks is not to be had here, where there is more to say than that
 * @returns a function that answers what is wrong, a sentence for each member
 */
export function createSchemaCheck(
  schema: ObjectSchema,
  refused: Readonly<Record<string, string>> = {},
): (value: unknown) => readonly FieldProblem[] {
  let validate: ValidateFunction | undefined
  return value => {
    validate ??= compile({ ...schema, additionalProperties: false })
    if (validate(value)) return []
    const problems = (validate.errors ?? []).map(error => {
      const field = fieldOf(error)
      const reason = error.keyword === 'additionalProperties' && Object.hasOwn(refused, field) && refused[field]
      return { field, message: reason || sentenceOf(error) }
    })
    return [...new Map(problems.map(problem => [problem.field, problem])).values()]
  }
}
