/** The types of the package, as services of each kind compile with them: ES modules and CommonJS, with Node's types and without. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import packageJson from '../../verifier/package.json' with { type: 'json' }
import { compile, installVerifier, packVerifier, run } from '../support/packed-verifier.ts'

const core = `
import { type AccessTokenClaims, createVerifier, TokenError, type VerifierOptions } from '@signet/verifier'
import { signetExpress, type SignetHandler } from '@signet/verifier/express'
import { signetWeb } from '@signet/verifier/web'
const options: VerifierOptions = { issuer: 'https://login.example.com', audience: 'a' }
const verifier = createVerifier(options, { now: () => 0 })
export const claims: Promise<AccessTokenClaims> = verifier.verify('x')
export const handler: SignetHandler = signetExpress({ verifier, formatError: ({ error }, { method }) => [error, method] }).authenticate
export const error: TokenError = new TokenError('expired', 'It is over.')
export const { requireRole } = signetWeb({ verifier })
// @ts-expect-error no such option
createVerifier({ ...options, secret: 'x' })
// @ts-expect-error it is a string
export const number: Promise<number> = verifier.verify('x').then(({ sub }) => sub)
`
const byRequire = `
import verifiers = require('@signet/verifier')
import express = require('@signet/verifier/express')
export const verifier: verifiers.Verifier = verifiers.createVerifier({ issuer: 'https://login.example.com', audience: 'a' })
export const { authenticate }: express.SignetExpress = express.signetExpress({ verifier })
`
const beside = `
import byDefault, { signetFastify } from '@signet/verifier/fastify'
import { signetExpress } from '@signet/verifier/express'
import { signetWeb } from '@signet/verifier/web'
import express from 'express'
import fastify from 'fastify'
const options = { issuer: 'https://login.example.com', audience: 'a' }
const app = fastify()
app.register(signetFastify, options)
app.register(byDefault, { ...options, prefix: '/x', decorators: { authenticate: 'byAccessToken' } })
app.get('/', { preHandler: app.requireRole('admin') }, ({ user }): string => user.sub)
express().get('/', signetExpress(options).requirePermission('posts:write'), ({ user }, response) => void response.json(user?.sub.length))
export const answer = async (): Promise<Response> => {
  const user = await signetWeb(options).authenticate(new Request('https://api.example.com'))
  return user instanceof Response ? user : Response.json(user.sub)
}
`

const alone = { types: [], verbatimModuleSyntax: false }

async function consumer(t: Test, files: Readonly<Record<string, string>>, packages: readonly string[] = []) {
  const folder = await installVerifier(t, packages)
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code)
  return folder
}

test('without Node’s types and those of a browser it compiles, by import and by require, however modules are found', async t => {
  const folder = await consumer(t, { 'core.ts': core, 'core.cts': core, 'require.cts': byRequire })
  const all = ['*.ts', '*.cts']
  // As the oldest finds modules, as the newest does, and as a bundler does.
  await t.resolves(compile(folder, { ...alone, module: 'node16' }, all))
  await t.resolves(compile(folder, { ...alone, module: 'nodenext', lib: ['es2023', 'dom'] }, all))
  await t.resolves(compile(folder, { ...alone, module: 'esnext', moduleResolution: 'bundler' }, ['core.ts']))
})

test('beside frameworks it compiles in CommonJS, too, and where both kinds are mixed', async t => {
  const files = { 'beside.cts': beside, 'beside.mts': beside }
  const folder = await consumer(t, files, ['@types/node', '@types/express', 'express', 'fastify'])
  const options = { module: 'node16', esModuleInterop: true, verbatimModuleSyntax: false }
  await t.resolves(compile(folder, options, ['*.cts', '*.mts']))
})

test('a CommonJS program runs', async t => {
  const program = `
const { createVerifier } = require('@signet/verifier')
const { signetExpress } = require('@signet/verifier/express')
const plugin = require('@signet/verifier/fastify')
const verifier = createVerifier({ issuer: 'https://login.example.com', audience: 'a' }, { fetch: async () => Response.error() })
console.log(typeof signetExpress({ verifier }).authenticate, plugin.default === plugin.signetFastify)
verifier.close()
`
  const folder = await consumer(t, { 'program.cjs': program })
  t.equal(await run(folder, [process.execPath, 'program.cjs']), 'function true\n')
})

test('whatever package.json names is in the package, also for those who find types without exports', async t => {
  const { files } = await packVerifier()
  const named = [...JSON.stringify(packageJson).matchAll(/"\.\/(dist\/[^"]+)"/g)].map(([, path = '']) => path)
  for (const path of named) t.ok(files.includes(path), path)
  const { main, types, exports, typesVersions } = packageJson
  t.strictSame([main, types], [exports['.'].default, exports['.'].import.types])
  for (const [
    name,
    {
      import: { types },
    },
  ] of Object.entries(exports))
    if (name !== '.') t.strictSame(typesVersions['*'][name.slice(2) as 'web'], [types])
})
