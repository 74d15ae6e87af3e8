/**
 * Writes openapi.yaml from the schemas of the routes, and docs/definitions.schema.json for editors; with `--check`, says instead whether
 * the files are what the sources make.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import swagger from '@fastify/swagger'
import fastify from 'fastify'
import { addPublicRoutes } from '../src/http/public-app.ts'
import { healthRoutes } from '../src/http/routes/health.ts'
import { metricsRoute } from '../src/http/routes/metrics.ts'
import { definitionsSchema } from '../src/representations/definitions.ts'
import { unansweredRoutes } from './unanswered-routes.ts'

const PUBLIC_URL = 'http://127.0.0.1:3000'
const fileOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))

/** Without scopes: those are the permissions of whoever runs the service. */
const tokenFlow = () => ({ tokenUrl: `${PUBLIC_URL}/oauth/token`, scopes: {} })

async function generate(): Promise<string> {
  const app = fastify({ exposeHeadRoutes: false })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Signet',
        version,
        summary: 'OAuth 2 token service',
        description: 'Exchanges credentials for short-lived RS256 access tokens that resource services verify offline.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: PUBLIC_URL, description: 'The public port, at the issuer' }],
      tags: [
        { name: 'OAuth', description: 'For clients' },
        { name: 'Me', description: 'For signed-in users, with a token whose audience is the issuer' },
        { name: 'Verification', description: 'For resource services' },
        { name: 'Management', description: 'For operators; all but /healthz on the management port' },
      ],
      components: {
        securitySchemes: {
          client: {
            type: 'http',
            scheme: 'basic',
            description:
              'client_id and client_secret, each form-urlencoded (RFC 6749 §2.3.1); the secret works as it stands, too',
          },
          oauth2: {
            type: 'oauth2',
            description:
              'An access token of a user, or of a client itself (RFC 6749 §4.3, §4.4). `/me` and `/admin` take one whose audience is the issuer, ' +
              'which must be among the audiences of the client.',
            flows: { password: tokenFlow(), clientCredentials: tokenFlow() },
          },
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'An access token (RFC 6750 §2.1)',
          },
        },
      },
    },
  })
  await addPublicRoutes(app, unansweredRoutes)
  await app.register(async scope => {
    healthRoutes(scope, { isServing: () => false, proofs: [] })
    metricsRoute(scope, { contentType: 'text/plain', render: async () => '' })
  })
  await app.ready()
  return app.swagger({ yaml: true })
}

const generated = {
  'openapi.yaml': await generate(),
  'docs/definitions.schema.json': `${JSON.stringify(definitionsSchema, undefined, 2)}\n`,
}
for (const [path, text] of Object.entries(generated)) {
  if (!process.argv.includes('--check')) {
    await writeFile(fileOf(path), text)
  } else if ((await readFile(fileOf(path), 'utf8')) !== text) {
    console.error(`${path} is not what the sources say. Run: npm run openapi`)
    process.exitCode = 1
  }
}
