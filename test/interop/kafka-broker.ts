/** A Kafka broker with the configuration of its page, and its Java clients. KAFKA_BROKER names the program of kafka-broker/. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { authority } from '../support/certificates.ts'
import { freePort, temporaryFolder } from '../support/serve.ts'
import { fileOnPage, ISSUER, placed } from './integration-pages.ts'
import { startLines } from './lines.ts'
import type { Front } from './machines.ts'

export interface Answered {
  readonly done?: true
  /** What is shown, with its causes. */
  readonly refused?: string
}
type Properties = Readonly<Record<string, string>>

const program = process.env['KAFKA_BROKER'] ?? 'kafka-broker'
const QUICK = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'
/** A client that is dropped tries again, for this long. */
const PATIENCE: Properties = {
  'default.api.timeout.ms': '8000',
  'request.timeout.ms': '4000',
  'delivery.timeout.ms': '8000',
  'linger.ms': '0',
}

/** The options of Java in a file on the page, and those that have it trust the authority of the test. */
function optionsOnPage(name: string, { url }: Front, trust: string): string {
  const [, options = ''] = /^KAFKA_OPTS=(.*)$/m.exec(fileOnPage('kafka', name)) ?? []
  return `${QUICK} ${trust} ${placed(options, { [ISSUER]: url })}`
}

/** The properties in a file on the page. */
const propertiesOnPage = (name: string, values: Properties): Properties =>
  Object.fromEntries(
    placed(fileOnPage('kafka', name), values)
      .split('\n')
      .filter(line => line !== '')
      .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

/** Java takes certificates of an authority from a file of its own kind. */
function trusting(folder: string, { authorityFile = '' }: Front): string {
  const [file, password] = [join(folder, 'authorities.p12'), 'changeit']
  const words = ['-importcert', '-noprompt', '-alias', 'signet', '-file', authorityFile]
  execFileSync('keytool', [...words, '-keystore', file, '-storepass', password], { stdio: 'ignore' })
  return `-Djavax.net.ssl.trustStore=${file} -Djavax.net.ssl.trustStorePassword=${password}`
}

/** @throws when it does not start */
export async function startKafka(t: Test, front: Front) {
  const folder = temporaryFolder(t)
  const own = authority('kafka')
  const { key, certificate } = own.issue('localhost')
  const pem = join(folder, 'kafka.pem')
  const authorityFile = join(folder, 'authority.pem')
  const properties = join(folder, 'server.properties')
  writeFileSync(pem, key + certificate)
  writeFileSync(authorityFile, own.certificate)
  const address = `localhost:${await freePort()}`
  const onPage = placed(fileOnPage('kafka', '/etc/kafka/server.properties'), {
    [ISSUER]: front.url,
    'kafka.example.com:9092': address,
    '127.0.0.1:9093': `127.0.0.1:${await freePort()}`,
    '127.0.0.1:9094': `127.0.0.1:${await freePort()}`,
    '/var/lib/kafka': join(folder, 'data'),
    '/etc/kafka/kafka.pem': pem,
  })
  writeFileSync(properties, onPage)
  const trust = trusting(folder, front)
  const options = optionsOnPage('/etc/kafka/broker.env', front, trust)
  const { refused } = await startLines<Answered>(t, 'env', [
    `JDK_JAVA_OPTIONS=${options}`,
    program,
    'broker',
    properties,
  ])()
  if (refused !== undefined) throw new Error(refused)
  const clients = () => startClients(t, front, { folder, address, trust, authorityFile })
  return { ...clients(), another: clients }
}

/** A process with clients, each under a name. Those with the same properties share their token. */
function startClients(
  t: Test,
  front: Front,
  at: Readonly<Record<'folder' | 'address' | 'trust' | 'authorityFile', string>>,
) {
  const { folder, address, trust, authorityFile } = at
  const token = join(folder, 'token.jwt')
  const inFile = `-Dorg.apache.kafka.sasl.oauthbearer.allowed.files=${token}`
  const options = `${optionsOnPage('/etc/kafka/client.env', front, trust)},file://${token} ${inFile}`
  const ask = startLines<Answered>(t, 'env', [`JDK_JAVA_OPTIONS=${options}`, program, 'clients'])
  const say = (line: object) => ask(JSON.stringify(line))
  const trusted = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': authorityFile }
  const properties = (id: string, secret: string): Properties => ({
    ...propertiesOnPage('/etc/kafka/client.properties', {
      [ISSUER]: front.url,
      'kafka.example.com:9092': address,
      orders: id,
      SECRET: secret,
    }),
    ...trusted,
    ...PATIENCE,
  })
  return {
    /** A client that gets its tokens itself. */
    open: (id: string, secret: string) => say({ open: id, with: properties(id, secret) }),
    /** A client that has this one token. */
    show(name: string, jwt: string) {
      writeFileSync(token, jwt)
      const { 'sasl.oauthbearer.token.endpoint.url': _, ...others } = properties('none', 'none')
      return say({ open: name, with: { ...others, 'sasl.oauthbearer.token.endpoint.url': `file://${token}` } })
    },
    ask: (name: string) => say({ on: name, do: 'ask' }),
    create: (name: string, topic: string) => say({ on: name, do: 'create', topic }),
    allow: (name: string, topic: string, principal: string) => say({ on: name, do: 'allow', topic, principal }),
    write: (name: string, topic: string) => say({ on: name, do: 'write', topic }),
    close: (name: string) => say({ close: name }),
  }
}
