/** What a JSON Schema asks for, in a sentence for whoever filled in the form or wrote the file. */

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

/** As Ajv tells of it. */
export interface SchemaError {
  readonly keyword: string
  // biome-ignore lint/suspicious/noExplicitAny: each keyword has its own
  readonly params: Readonly<Record<string, any>>
}

const sentences: Readonly<Record<string, (parameters: SchemaError['params']) => string>> = {
  required: () => 'It is needed.',
  additionalProperties: () => 'There is no such member here.',
  type: ({ type }) =>
    `It is ${[type]
      .flat()
      .map(kind => kinds[kind] ?? kind)
      .join(' or ')}.`,
  dependencies: ({ missingProperty }) => `It goes with ${missingProperty}.`,
  enum: ({ allowedValues }) => `It is one of ${allowedValues.join(', ')}.`,
  minimum: ({ limit }) => `It is at least ${limit}.`,
  maximum: ({ limit }) => `It is at most ${limit}.`,
  minLength: ({ limit }) => `It has at least ${limit} characters.`,
  maxLength: ({ limit }) => `It has at most ${limit} characters.`,
  minItems: ({ limit }) => `It has at least ${limit} entries.`,
  maxItems: ({ limit }) => `It has at most ${limit} entries.`,
  minProperties: () => 'Say what to change.',
}

export const sentenceOf = ({ keyword, params }: SchemaError): string =>
  sentences[keyword]?.(params) ?? 'It is malformed.'
