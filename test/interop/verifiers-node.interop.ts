/**
 * Resource services of Node that verify with libraries of others, as docs/integrations/frameworks/node.md shows them. NODE_VERIFIERS
 * names a file of jose's, beside which the others are installed.
 */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import type { Service } from '../support/serve.ts'
import { withAlice } from '../support/status-list.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { asksAfterDisabling, asksWithBadTokens } from './resource-cases.ts'
import { type Keeping, keepsKeys } from './resource-keys.ts'
import { type Clock, folderWith, ownClock, type Resource, skipWithout, startResource } from './resources.ts'

const { NODE_VERIFIERS: module = 'node_modules/jose' } = process.env
const modules = `${module.split('/node_modules/')[0]}/node_modules`

/** As the page has it, but for the address of the issuer and the port. */
async function resourceOf(t: Test, file: string, { issuer }: Service, clock?: Clock): Promise<Resource> {
  const folder = folderWith(t, {})
  symlinkSync(modules, join(folder, 'node_modules'))
  return startResource(
    t,
    folder,
    port => {
      folderWith(
        t,
        { [file]: placed(fileOnPage('frameworks/node', file), { [ISSUER]: issuer, '8080': String(port) }) },
        folder,
      )
      return [process.execPath, file]
    },
    clock,
  )
}

/** What each does with keys when it is told nothing of them. */
const libraries: Readonly<Record<string, Keeping>> = {
  'jose.mjs': { seconds: 600, cooldown: 30, outage: '503 Service Unavailable' },
  'express-jwt.mjs': { seconds: 600, cooldown: 0, outage: '503 Service Unavailable' },
  'fastify-jwt.mjs': { seconds: 600, cooldown: 0, outage: '503 {"error":"temporarily_unavailable"}' },
  'passport-jwt.mjs': { seconds: 600, cooldown: 0, outage: 'refused' },
  'express-oauth2-jwt-bearer.mjs': { seconds: 600, cooldown: 30, outage: 'refused' },
}

for (const [file, keeping] of Object.entries(libraries)) {
  test(`${file} accepts good access tokens and refuses what is none`, {
    skip: skipWithout('NODE_VERIFIERS'),
  }, async t => {
    const service = await withAlice(t)
    const { ask } = await resourceOf(t, file, service)
    await asksWithBadTokens(t, service, ask)
    await asksAfterDisabling(t, service, ask)
  })

  test(`${file} follows a rotation, and refuses a revoked key when it has fetched the keys again`, {
    skip: skipWithout('NODE_VERIFIERS', 'LIBFAKETIME'),
  }, async t => {
    await keepsKeys(t, service => resourceOf(t, file, service, ownClock(t)), keeping)
  })
}
