/**
 * Resource services of Python that verify with PyJWT and with Authlib, as docs/integrations/frameworks/python.md shows them.
 * PYTHON_VERIFIERS names a Python with both, and Flask.
 */
import { type Test, test } from 'tap'
import type { Service } from '../support/serve.ts'
import { withAlice } from '../support/status-list.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { asksAfterDisabling, asksWithBadTokens, goodToken } from './resource-cases.ts'
import { type Keeping, keepsKeys } from './resource-keys.ts'
import { type Clock, folderWith, ownClock, type Resource, skipWithout, startResource } from './resources.ts'

const noKeys = '503 {"error":"temporarily_unavailable"}\n'

/** The file that is served, and the one beside it that knows the issuer; and what each does with keys. */
const libraries: readonly (readonly [app: string, knowing: string, Keeping])[] = [
  ['pyjwt_flask', 'pyjwt_token', { seconds: 300, cooldown: 30, outage: noKeys }],
  ['authlib_flask', 'authlib_flask', { seconds: 300, cooldown: 300, outage: 'accepted' }],
]

async function resourceOf(
  t: Test,
  app: string,
  knowing: string,
  { issuer }: Service,
  clock?: Clock,
): Promise<Resource> {
  const pages = [...new Set([app, knowing])].map(
    name => [`${name}.py`, fileOnPage('frameworks/python', `${name}.py`)] as const,
  )
  const files = Object.fromEntries(pages)
  const known = placed(files[`${knowing}.py`] ?? '', { [ISSUER]: issuer })
  return startResource(
    t,
    folderWith(t, { ...files, [`${knowing}.py`]: known }),
    port => {
      return [process.env['PYTHON_VERIFIERS'] ?? 'python3', '-m', 'flask', '--app', app, 'run', '--port', String(port)]
    },
    clock,
  )
}

for (const [app, knowing, keeping] of libraries) {
  test(`${app}.py accepts good access tokens and refuses what is none`, {
    skip: skipWithout('PYTHON_VERIFIERS'),
  }, async t => {
    const service = await withAlice(t)
    const { ask } = await resourceOf(t, app, knowing, service)
    await asksWithBadTokens(t, service, ask)
    await asksAfterDisabling(t, service, ask)
  })

  test(`${app}.py says that it has no keys when it never had any`, {
    skip: skipWithout('PYTHON_VERIFIERS'),
  }, async t => {
    const service = await withAlice(t)
    const good = await goodToken(service)
    const { ask } = await resourceOf(t, app, knowing, service)
    await service.stop()
    t.equal(await ask(good), noKeys)
  })

  test(`${app}.py follows a rotation, and refuses a revoked key when it has fetched the keys again`, {
    skip: skipWithout('PYTHON_VERIFIERS', 'LIBFAKETIME'),
  }, async t => {
    await keepsKeys(t, service => resourceOf(t, app, knowing, service, ownClock(t)), keeping)
  })
}
