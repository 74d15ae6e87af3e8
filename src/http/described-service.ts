/** openapi.yaml as a running service says it of itself: at its own addresses, and with forms that begin empty. */

interface Form {
  readonly properties: Readonly<Record<string, object>>
}

type Content = Readonly<Record<string, { readonly schema: Form }>>

interface Operation {
  readonly servers?: readonly object[]
  readonly requestBody?: { readonly content: Content }
}

type Operations = Readonly<Record<string, Operation>>

/** As far as it is looked at; the rest is left as it is. */
export interface Description {
  readonly servers: readonly object[]
  readonly components: {
    readonly securitySchemes: { readonly oauth2: { readonly flows: Readonly<Record<string, object>> } }
  }
  readonly paths: Readonly<Record<string, Operations>>
}

/** RFC 8414 §3.1: alone of all it lies in front of the issuer's path. */
const METADATA = '/.well-known/oauth-authorization-server'

const mapValues = <V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))

const FORM = 'application/x-www-form-urlencoded'

/** The page fills the fields of a form with words such as `string`, and sends them, unless there is an example. Empty is as absent. */
const withEmptyFields = ({ schema }: { readonly schema: Form }) => ({
  schema: { ...schema, properties: mapValues(schema.properties, property => ({ examples: [''], ...property })) },
})

const contentOf = ({ [FORM]: form, ...others }: Content): Content => ({
  ...others,
  ...(form && { [FORM]: withEmptyFields(form) }),
})

/** What names servers of its own is on the management port, as the page that shows this: a relative URL stands for it. */
const operationOf = ({ servers, requestBody, ...operation }: Operation) => ({
  ...operation,
  ...(servers && { servers: [{ url: '/' }] }),
  ...(requestBody && { requestBody: { ...requestBody, content: contentOf(requestBody.content) } }),
})

export function describedAt(issuer: string, description: Description): Description {
  const { origin, pathname } = new URL(issuer)
  const { oauth2, ...otherSchemes } = description.components.securitySchemes
  const flows = mapValues(oauth2.flows, flow => ({ ...flow, tokenUrl: `${issuer}/oauth/token` }))
  const { [METADATA]: metadata, ...paths } = mapValues(description.paths, operations =>
    mapValues(operations, operationOf),
  )
  const inFront = METADATA + pathname.replace(/\/$/, '')
  return {
    ...description,
    servers: [{ url: issuer }],
    components: { ...description.components, securitySchemes: { ...otherSchemes, oauth2: { ...oauth2, flows } } },
    paths: {
      ...paths,
      [inFront]: mapValues(metadata ?? {}, operation => ({ ...operation, servers: [{ url: origin }] })),
    },
  }
}
