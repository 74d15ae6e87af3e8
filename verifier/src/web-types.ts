/**
 * What the web's interfaces are called where this is used: by Node's types or those of a browser, Bun or Deno. A service that has none of
 * these still compiles, with what is needed of them.
 */
export type WebFetch = typeof globalThis extends { fetch: infer Fetch }
  ? Fetch
  : (uri: string, init: object) => Promise<unknown>

export type WebRequest = typeof globalThis extends { Request: { prototype: infer Request } }
  ? Request
  : {
      readonly method: string
      readonly url: string
      readonly headers: { readonly get: (name: string) => string | null }
    }

export type WebResponse = typeof globalThis extends { Response: { prototype: infer Response } }
  ? Response
  : { readonly status: number; readonly body: unknown }
