/**
 * The packed verifier under the JavaScript runtimes that it promises to work with. NODE20, BUN and DENO name their executables; one
 * that is not named is not run.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { consumes } from '../support/consumer-conformance.ts'
import { heard, start } from '../support/consumer-process.ts'
import { startIssuer } from '../support/issuer.ts'
import { installVerifier, run } from '../support/packed-verifier.ts'
import { placed, programUnder } from '../support/readme-blocks.ts'
import { freePort, request } from '../support/serve.ts'

interface Runtime {
  readonly name: string
  readonly variable: string
  readonly version: RegExp
  /** Before the file of a program and its arguments. No more is permitted than a service needs. */
  readonly run: readonly string[]
  /** Serves the default export of a file, if the runtime can. */
  readonly serve?: (port: number) => readonly string[]
}

const runtimes: readonly Runtime[] = [
  { name: 'Node 20', variable: 'NODE20', version: /^v20\./, run: [] },
  { name: 'Bun', variable: 'BUN', version: /^\d/, run: ['run'], serve: port => ['run', `--port=${port}`] },
  {
    name: 'Deno',
    variable: 'DENO',
    version: /^deno \d/,
    run: ['run', '--no-prompt', '--allow-net=127.0.0.1', '--allow-read=.'],
    serve: port => ['serve', '--no-prompt', '--allow-net', `--port=${port}`],
  },
]

for (const { name, variable, version, ...commands } of runtimes) {
  const program = process.env[variable]
  const skip = program === undefined && `${variable} names no executable, so ${name} was not run`

  t.test(
    `${name}: a program with the installed verifier lets good tokens pass and refuses others`,
    { skip },
    async t => {
      if (program === undefined) return
      t.match(await run('.', [program, '--version']), version)
      await consumes(t, await installVerifier(t), [program, ...commands.run])
    },
  )

  const { serve } = commands
  if (serve === undefined) continue
  t.test(`${name}: the app in the README serves as it is`, { skip }, async t => {
    if (program === undefined) return
    const [issuer, port] = [await startIssuer(t), await freePort()]
    const folder = await installVerifier(t, ['hono'])
    writeFileSync(join(folder, 'app.ts'), placed(programUnder('Hono, Bun, Deno'), issuer.issuer))
    const app = start(t, folder, [program, ...serve(port), 'app.ts'])
    await heard(app, String(port))
    const me = `http://127.0.0.1:${port}/me`
    const authorization = `Bearer ${issuer.token()}`
    t.match(await request(me), { status: 401, body: { error: 'missing_token' } })
    t.match(await request(me, { headers: { authorization } }), { status: 200, body: { sub: 'user_1' } })
  })
}
