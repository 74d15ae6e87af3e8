/** For definitions in files: a validator of their JSON Schema, and a key that a client could register. */
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'

export const validatorOf = (): ValidateFunction =>
  new Ajv({ strict: true, strictRequired: false }).compile(
    JSON.parse(readFileSync('docs/definitions.schema.json', 'utf8')),
  )

/** RFC 8037, Appendix A.2. */
export const published = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
