/**
 * A consumer of the packed verifier that runs under Node, Bun and Deno alike. It gets tokens by name, verifies them and says what
 * came of each; it serves behind the guards until its standard input ends, and then ends by itself, which it can do only when
 * nothing of the verifier is left.
 */
import { createServer } from 'node:http'
import process from 'node:process'
import { createVerifier, TokenError } from '@signet/verifier'
import { signetExpress } from '@signet/verifier/express'
import signetFastify, { signetFastify as sameByName } from '@signet/verifier/fastify'
import { signetWeb } from '@signet/verifier/web'

const { options, tokens, keys } = JSON.parse(process.argv[2])
const problems = new Set()
const verifier = createVerifier({ ...options, onEvent: ({ type, kid, uri }) => problems.add(`${type} ${kid ?? uri}`) })

/** Who the token speaks for, or the code of the refusal. */
async function verdictOn(token) {
  try {
    const claims = await verifier.verify(token)
    return Object.isFrozen(claims) ? claims.sub : 'not frozen'
  } catch (error) {
    if (error instanceof TokenError) return error.code
    throw error
  }
}

/** Listens with a handler of (request, response) as Node has it. */
async function listen(handle) {
  const server = createServer(handle)
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { port: server.address().port, close }
}

/** Listens with a handler of web-standard requests, in the way of this runtime. */
async function listenWeb(handle) {
  const where = { hostname: '127.0.0.1', port: 0 }
  if (globalThis.Bun) {
    const server = globalThis.Bun.serve({ ...where, fetch: handle })
    return { port: server.port, close: () => server.stop(true) }
  }
  if (globalThis.Deno) {
    const server = globalThis.Deno.serve({ ...where, onListen() {} }, handle)
    return { port: server.addr.port, close: () => server.shutdown() }
  }
  return listen(async ({ url, headersDistinct }, response) => {
    const lines = Object.entries(headersDistinct).flatMap(([name, values]) => values.map(value => [name, value]))
    const answer = await handle(new Request(`http://127.0.0.1${url}`, { headers: lines }))
    response.writeHead(answer.status, [...answer.headers].flat()).end(await answer.text())
  })
}

const apiKeys = { clientId: 'consumer', clientSecret: 'a:b' }
const web = signetWeb({ verifier, apiKeys, resourceMetadata: true })
const express = signetExpress({ verifier })

const webServer = await listenWeb(async request => {
  const user = await web.authenticate(request)
  return user instanceof Response ? user : Response.json({ sub: user.sub })
})
const nodeServer = await listen((request, response) =>
  express.authenticate(request, response, error => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(error ? { error: String(error) } : { sub: request.user.sub }))
  }),
)

await verifier.ready()
const statusAtFirst = verifier.health().status
const verdicts = {}
for (const [name, token] of Object.entries(tokens)) verdicts[name] = await verdictOn(token)
/** Where it says who the issuer is, and what comes of each API key. */
const url = options.audience
const document = await web.resourceMetadata(new Request(`${url}/.well-known/oauth-protected-resource`)).json()
const keyVerdicts = {}
for (const [name, key] of Object.entries(keys)) {
  const answer = await web.authenticate(new Request(url, { headers: { 'x-api-key': key } }))
  keyVerdicts[name] = answer instanceof Response ? answer.status : answer.sub
}
const say = report => console.log(JSON.stringify(report))
const isPlugin = typeof signetFastify === 'function' && signetFastify === sameByName
say({ verdicts, keyVerdicts, document, isPlugin, statusAtFirst, ports: { web: webServer.port, node: nodeServer.port } })

process.stdin.resume().once('end', async () => {
  await Promise.all([webServer.close(), nodeServer.close()])
  verifier.close()
  say({ afterClose: await verdictOn(tokens.ES256), problems: [...problems] })
})
