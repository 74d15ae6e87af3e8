/** X.509 certificates of authorities and of servers (RFC 5280), as a test needs them. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const length = content.length
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

const sequence = (...contents: readonly Uint8Array[]) => der(0x30, ...contents)
const octets = (content: Uint8Array) => der(0x04, content)
const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content)
const identifier = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const TRUE = der(0x01, Buffer.from([0xff]))

const commonName = (name: string) => sequence(der(0x31, sequence(identifier('550403'), der(0x0c, Buffer.from(name)))))
const time = (at: Date) => der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]|\..*/g, '')}Z`))
const ECDSA_WITH_SHA256 = sequence(identifier('2a8648ce3d040302'))
const IS_AUTHORITY = sequence(identifier('551d13'), TRUE, octets(sequence(TRUE)))
const forHost = (host: string) => sequence(identifier('551d11'), octets(sequence(der(0x82, Buffer.from(host)))))

const DAY_MS = 86_400_000

interface Signed {
  readonly subject: string
  readonly issuer: string
  readonly publicKey: KeyObject
  readonly by: KeyObject
  readonly extension: Buffer
  readonly daysLeft: number
}

function certificate({ subject, issuer, publicKey, by, extension, daysLeft }: Signed): string {
  const now = Date.now()
  const said = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(8)),
    ECDSA_WITH_SHA256,
    commonName(issuer),
    sequence(time(new Date(now - 9 * DAY_MS)), time(new Date(now + daysLeft * DAY_MS))),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  )
  const whole = sequence(said, ECDSA_WITH_SHA256, bits(sign('sha256', said, by)))
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

export function authority(issuer: string) {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const of = { issuer, by: keys.privateKey }
  const own = { ...of, subject: issuer, publicKey: keys.publicKey }
  return {
    certificate: certificate({ ...own, extension: IS_AUTHORITY, daysLeft: 9 }),
    /** For a server, or a client, of this name. */
    issue(name: string, daysLeft = 9) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return {
        certificate: certificate({ ...of, subject: name, publicKey, extension: forHost(name), daysLeft }),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      }
    },
  }
}
