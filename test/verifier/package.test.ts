/** The package as its consumers get it: what is in it, what it needs, and that it works where nothing else of this checkout is. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { consumes } from '../support/consumer-conformance.ts'
import { checkout, installVerifier, packVerifier, typeCheck } from '../support/packed-verifier.ts'
import { programs } from '../support/readme-blocks.ts'

const packed = await packVerifier()
const read = (...path: readonly string[]) => readFileSync(join(checkout, ...path), 'utf8')
const sources = readdirSync(join(checkout, 'verifier/src'), { encoding: 'utf8', recursive: true }).filter(name =>
  name.endsWith('.ts'),
)

t.test(
  'the tarball holds what was built from the sources, README, LICENSE and package.json, and nothing else',
  async t => {
    const built = sources.flatMap(name =>
      ['.js', '.d.ts', '.d.cts'].map(suffix => `dist/${name.replace(/\.ts$/, suffix)}`),
    )
    t.strictSame([...packed.files].sort(), ['LICENSE', 'README.md', 'package.json', ...built].sort())
    t.equal(read('verifier/LICENSE'), read('LICENSE'))
  },
)

t.test('it needs no other package at run time', async t => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(read('verifier/package.json'))
  t.equal(dependencies, undefined)
  for (const name of Object.keys(peerDependencies)) t.strictSame(peerDependenciesMeta[name], { optional: true }, name)
})

t.test('its sources import each other and node: modules only, and from fastify types only', async t => {
  const imports = sources.flatMap(name =>
    [...read('verifier/src', name).matchAll(/^(?:import|export)\b([^'"`]*?)\bfrom '(.*)'$|\bimport\(|^import '/gm)].map(
      ([statement, what = '', from = statement]) => ({ name, isType: what.trim().startsWith('type '), from }),
    ),
  )
  const isOwn = (name: string, from: string) => from.startsWith('.') && sources.includes(join(dirname(name), from))
  t.ok(imports.some(({ name, from }) => from.startsWith('../') && isOwn(name, from)))
  const foreign = imports.filter(({ name, from }) => !from.startsWith('node:') && !isOwn(name, from))
  const ofFastify = foreign.filter(({ name }) => name.startsWith('middleware/fastify'))
  t.strictSame(foreign, ofFastify)
  t.ok(ofFastify.length > 0)
  for (const { from, isType, name } of ofFastify) t.strictSame([from, isType], ['fastify', true], name)
})

t.test('installed in an empty folder, a JavaScript program with all four entry points works', async t => {
  const folder = await installVerifier(t)
  t.strictSame(
    readdirSync(join(folder, 'node_modules')).filter(name => !name.startsWith('.')),
    ['@signet'],
  )
  await consumes(t, folder, [process.execPath])
})

const typed = `
import { type AccessTokenClaims, createVerifier, type Health, TokenError, type TokenErrorCode, type VerifierEvent } from '@signet/verifier'
import { signetExpress } from '@signet/verifier/express'
import byDefault, { signetFastify } from '@signet/verifier/fastify'
import { signetWeb } from '@signet/verifier/web'
import express from 'express'
import fastify from 'fastify'

const options = { issuer: 'https://login.example.com', audience: ['a', 'b'], onEvent: (event: VerifierEvent) => event.type } as const
const verifier = createVerifier(options)
const claims: AccessTokenClaims = await verifier.verify('token', { mode: 'strict' })
const [sub, scope, roles, other]: [string, string | undefined, readonly string[] | undefined, unknown] = [claims.sub, claims.scope, claims.roles, claims['other']]
const health: Health['status'] = verifier.health().status
const code: TokenErrorCode = new TokenError('expired', 'It is over.').code
const app = fastify()
await app.register(signetFastify, options)
await app.register(byDefault, { verifier, formatError: ({ error }, request) => [error, request.url] })
app.get('/', { preHandler: app.requireRole('admin', { mode: 'strict' }) }, ({ user }): string => user.sub)
const { requirePermission } = signetExpress({ verifier })
express().get('/', requirePermission('posts:write'), ({ user }, response) => void response.json({ sub: user?.sub.length }))
const user: AccessTokenClaims | Response = await signetWeb({ verifier }).authenticate(new Request('http://127.0.0.1'))
export { code, health, other, roles, scope, sub, user }

// @ts-expect-error the audience is missing
createVerifier({ issuer: 'https://login.example.com' })
// @ts-expect-error no such algorithm
createVerifier({ ...options, algorithms: ['HS256'] })
// @ts-expect-error no such option
createVerifier({ ...options, secret: '' })
// @ts-expect-error claims are frozen
claims.sub = 'user_2'
// @ts-expect-error it is a string
const number: number = claims.sub
// @ts-expect-error no such mode
app.requireToken({ mode: 'careful' })
// @ts-expect-error it may be the response to send
user.sub
`

t.test('installed beside frameworks, a strict TypeScript program and those of the README type-check', async t => {
  const folder = await installVerifier(t, ['@types/node', '@types/express', 'express', 'fastify', 'hono'])
  writeFileSync(join(folder, 'typed.ts'), typed)
  for (const [index, { code }] of programs.entries()) writeFileSync(join(folder, `readme-${index}.ts`), code)
  await t.resolves(typeCheck(folder))
})
