/** What the environment of the process changes: which authorities are trusted, and nothing else. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { authority } from '../support/certificates.ts'
import { documentServer } from '../support/document-server.ts'
import { temporaryFolder } from '../support/serve.ts'
import { startTogether } from '../support/together.ts'

async function linesIn(t: Test, uris: readonly string[], environments: readonly Record<string, string>[]) {
  const parts = await startTogether(
    t,
    'fetch-documents.ts',
    environments.map(environment => ({ words: uris, environment })),
  )
  const lines: string[][] = parts.map(() => [])
  for (const [index, part] of parts.entries()) part.onLine(line => lines[index]?.push(line))
  await Promise.all(parts.map(({ ended }) => ended))
  return lines
}

t.test('certificates are verified, NODE_EXTRA_CA_CERTS names an authority, and the proxy is not used', async t => {
  const ours = authority('An authority')
  const server = await documentServer(t, (_, response) => response.end('a document'), { tls: ours.issue('localhost') })
  const expired = await documentServer(t, (_, response) => response.end(), { tls: ours.issue('localhost', -1) })
  const plain = await documentServer(t, (_, response) => response.end('in the clear'))
  const proxy = await documentServer(t, (_, response) => response.end('from the proxy'))
  const file = join(temporaryFolder(t), 'authority.pem')
  writeFileSync(file, ours.certificate)

  const uris = [server.uri('/', 'localhost'), server.uri(), expired.uri('/', 'localhost'), plain.uri()]
  const proxied = Object.fromEntries(
    ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].map(name => [name, proxy.uri()]),
  )
  const [trusting, strangers, careless] = await linesIn(t, uris, [
    { NODE_EXTRA_CA_CERTS: file, NODE_USE_ENV_PROXY: '1', NO_PROXY: '', no_proxy: '', ...proxied },
    {},
    { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  ])
  t.match(trusting, ['a document', /does not match certificate's altnames/, /certificate has expired/, 'in the clear'])
  const unknown = /^The request failed: unable to verify the first certificate/
  for (const lines of [strangers, careless])
    t.match(lines, [unknown, unknown, /certificate has expired/, 'in the clear'])
  t.equal(proxy.connections(), 0)
})
