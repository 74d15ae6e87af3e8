/**
 * TLS in a PostgreSQL URL, with the modes and the meanings of libpq (PostgreSQL manual, "SSL Support"), for a driver that has meanings of
 * its own unless it is told otherwise.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Refusal } from './variable.ts'

type Parameters = Readonly<Record<string, string>>

const MODES = ['disable', 'require', 'verify-ca', 'verify-full']

/** Of libpq, and of the driver: they are often met, and each says why it has no place here. */
const OTHER_MODES: Readonly<Record<string, string>> = {
  allow: 'its sslmode goes on in the clear when anybody in the way wishes it; write require, verify-ca or verify-full',
  prefer: 'its sslmode goes on in the clear when anybody in the way wishes it; write require, verify-ca or verify-full',
  'no-verify': 'libpq has no sslmode of that name; write require',
}

/** What JDBC and others write. */
const SSL: Readonly<Record<string, string>> = { true: 'require', 1: 'require', false: 'disable', 0: 'disable' }

function modeOf({ ssl, sslmode, sslrootcert, sslcert }: Parameters): string | undefined {
  if (ssl !== undefined && SSL[ssl] === undefined)
    throw new Refusal('its ssl must be true or false; better write sslmode')
  // A certificate is given to be looked at.
  const mode = sslmode ?? (ssl && SSL[ssl]) ?? ((sslrootcert ?? sslcert) === undefined ? undefined : 'verify-full')
  if (mode !== undefined && !MODES.includes(mode))
    throw new Refusal(OTHER_MODES[mode] ?? `its sslmode must be one of ${MODES.join(', ')}`)
  if (mode === 'verify-ca' && sslrootcert === undefined) throw new Refusal('its sslmode=verify-ca needs an sslrootcert')
  if (sslrootcert === 'system' && mode !== 'verify-full')
    throw new Refusal('its sslrootcert=system needs sslmode=verify-full')
  return mode
}

/** What is read out of the file. */
function inFile<T>(parameter: string, path: string, what: string, read: (text: string) => T): T {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Refusal(`the file of its ${parameter} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  try {
    return read(text)
  } catch {
    throw new Refusal(`the file of its ${parameter} must hold ${what} in PEM`)
  }
}

function certificatesIn(text: string): [X509Certificate, ...X509Certificate[]] {
  const [first = text, ...more] = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  return [new X509Certificate(first), ...more.map(each => new X509Certificate(each))]
}

function assertFilesAreRight({ sslrootcert, sslcert, sslkey }: Parameters): void {
  if (sslrootcert !== undefined && sslrootcert !== 'system')
    inFile('sslrootcert', sslrootcert, 'a certificate', certificatesIn)
  if ((sslcert === undefined) !== (sslkey === undefined)) throw new Refusal('its sslcert and sslkey need each other')
  if (sslcert === undefined || sslkey === undefined) return
  const [certificate] = inFile('sslcert', sslcert, 'a certificate', certificatesIn)
  const key = inFile('sslkey', sslkey, 'a private key without a passphrase', createPrivateKey)
  if (!certificate.checkPrivateKey(key)) throw new Refusal('its sslkey is not the key of its sslcert')
}

/**
 * The parameters of a URL, with those of TLS in the form in which the driver means by them what libpq means.
 *
 * @throws Refusal when a mode or a file is wrong
 */
export function withTls(parameters: Parameters): Parameters {
  const { ssl: _ssl, sslmode: _mode, uselibpqcompat: _compat, sslrootcert, sslcert, sslkey, ...more } = parameters
  const mode = modeOf(parameters)
  if (mode === undefined) return more
  if (mode === 'disable') return { ...more, sslmode: mode }
  assertFilesAreRight(parameters)
  return {
    ...{ ...more, sslmode: mode },
    ...(sslrootcert !== undefined && sslrootcert !== 'system' && { sslrootcert }),
    ...(sslcert !== undefined && sslkey !== undefined && { sslcert, sslkey }),
    uselibpqcompat: 'true',
  }
}

/**
 * Undefined when what is sent to the server is encrypted, or stays on this machine.
 *
 * @param url as it was accepted
 */
export function plainTextWarning(url: string): string | undefined {
  const { hostname, searchParams } = new URL(url.replace(/\/\/[^/]*@/, '//'))
  const host = hostname || (searchParams.get('host') ?? '')
  const isHere = host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.[\d.]+$/.test(host)
  if (isHere || (searchParams.get('sslmode') ?? 'disable') !== 'disable') return undefined
  return `SIGNET_DATABASE_URL leads to ${host} without TLS: whoever is in the way reads what is stored, and changes it. Add sslmode=verify-full, and the certificate of the server's authority as sslrootcert.`
}
