/** Where clients find a service that they ask over HTTPS, or at an address that is known before it starts. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Test } from 'tap'
import { authority } from '../support/certificates.ts'
import { freePort, temporaryFolder } from '../support/serve.ts'
import type { Front } from './machines.ts'

export async function frontOf(t: Test, https = false): Promise<Front> {
  const port = await freePort()
  if (!https) return { url: `http://127.0.0.1:${port}` }
  const own = authority('interop')
  const { key, certificate: cert } = own.issue('localhost')
  const [file, defaults] = [join(temporaryFolder(t), 'authority.pem'), getCACertificates('default')]
  writeFileSync(file, own.certificate)
  // Who verifies tokens in this process fetches the keys from there, too.
  setDefaultCACertificates([...defaults, own.certificate])
  t.teardown(() => setDefaultCACertificates(defaults))
  return { url: `https://localhost:${port}`, tls: { key, cert }, authorityFile: file }
}
