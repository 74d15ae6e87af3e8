#!/usr/bin/env bash
# Kafka clients in JavaScript and Python: a token that the broker refuses looks accepted. If it is their first, aiokafka never connects.
# If it is a later one, a consumer of KafkaJS stops for good. Tokens that come after it may be as good as they like.
#
# Seen with a broker of Kafka 4.4.0 that refuses one token, of another audience, and accepts all others:
#   the first token of a producer is refused, and it then sends for 20 s
#     aiokafka 0.14.0:             start() returns; nothing is sent, 1 token asked for
#     KafkaJS 2.2.4:               connect() returns; 1 failed: Request is not valid given the current SASL state; then sent
#     @platformatic/kafka 1.35.0:  1 failed: Request is not valid given the current SASL state; then sent
#   a consumer has run, and its next token is refused
#     KafkaJS 2.2.4:               crash, restart: false; no more tokens asked for
#
# A broker refuses a token by an answer without an error code, with {"status":"invalid_token"} inside. The client has to reply, and then
# gets the error (RFC 7628 §3.2.3). These three don't look at the answer. They send their first request instead, which the broker refuses
# for the state of the sign-in. aiokafka reads an empty list of brokers from that, has nobody left to ask, and logs so without a pause.
# A good engineer would guess that connect() means signed in, that the error says `invalid_token`, and that the next token heals it. A
# broker also refuses the first token with a key that it has not fetched yet.
#
# aiokafka: if nothing is sent after start(), make a new producer. KafkaJS: at `consumer.crash` with `restart: false` end the process, or
# run a new consumer. kafka-python 3.0.12, confluent-kafka 2.16.1 and the client for Java reply as they should, and name the refusal.
#
# Runs in a folder of its own, with artifacts of Maven Central and packages of npm and PyPI. Needs Java 17, Maven and Node 22. Exit code
# 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>check</groupId><artifactId>check</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >/dev/null
npm init -y >/dev/null
npm install --silent --no-audit --no-fund kafkajs@2.2.4 @platformatic/kafka@1.35.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check aiokafka==0.14.0
cat >check.py <<'PY'
import asyncio
import logging
import sys
import time
import urllib.request

from aiokafka import AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider

logging.disable(logging.CRITICAL)
broker, tokens = sys.argv[1:]
asked = 0


def fetch():
    with urllib.request.urlopen(f"{tokens}/aiokafka") as answer:
        return answer.read().decode()


class Tokens(AbstractTokenProvider):
    async def token(self):
        global asked
        asked += 1
        return await asyncio.to_thread(fetch)


async def aiokafka():
    producer = AIOKafkaProducer(
        bootstrap_servers=broker, security_protocol="SASL_PLAINTEXT", sasl_mechanism="OAUTHBEARER",
        sasl_oauth_token_provider=Tokens(), request_timeout_ms=5000,
    )
    await producer.start()
    sent, end = 0, time.time() + 20
    while time.time() < end:
        try:
            await producer.send_and_wait("topic", b"value")
            sent += 1
        except Exception:
            await asyncio.sleep(1)
    await producer.stop()
    return f"start() returns; {'nothing is sent' if sent == 0 else 'sent'}, {asked} token asked for"


print(asyncio.run(aiokafka()))
PY
cat >check.mjs <<'JS'
import { execFile, spawn } from 'node:child_process'
import { createSign, generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Producer, stringSerializers } from '@platformatic/kafka'
import kafkajs from 'kafkajs'

const run = promisify(execFile)
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

// The token service: what it gives to `refused` is for another audience.
const refused = new Set(['aiokafka', 'KafkaJS', '@platformatic/kafka'])
const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
function token(name) {
  const now = Math.floor(Date.now() / 1000)
  const aud = refused.delete(name) ? 'other' : 'broker'
  const text = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: 'i', sub: 's', aud, iat: now, exp: now + 15 })}`
  return `${text}.${createSign('sha256').update(text).sign(privateKey, 'base64url')}`
}
const service = createServer((request, response) => {
  const name = request.url.slice(1)
  response.setHeader('content-type', 'application/json')
  response.end(name === 'jwks' ? JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig' }] }) : token(name))
})
await new Promise(resolve => service.listen(0, '127.0.0.1', resolve))
const base = `http://127.0.0.1:${service.address().port}`

const freePort = () =>
  new Promise(resolve => {
    const server = createTcpServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
const isOpen = port =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

async function startBroker() {
  const [clients, brokers, controllers] = [await freePort(), await freePort(), await freePort()]
  const oauth = 'org.apache.kafka.common.security.oauthbearer.OAuthBearer'
  writeFileSync('server.properties', `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllers}
listeners=C://127.0.0.1:${clients},B://127.0.0.1:${brokers},Q://127.0.0.1:${controllers}
listener.security.protocol.map=C:SASL_PLAINTEXT,B:PLAINTEXT,Q:PLAINTEXT
inter.broker.listener.name=B
controller.listener.names=Q
log.dirs=${process.cwd()}/data
offsets.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
listener.name.c.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.c.oauthbearer.sasl.jaas.config=${oauth}LoginModule required;
listener.name.c.oauthbearer.sasl.server.callback.handler.class=${oauth}ValidatorCallbackHandler
sasl.oauthbearer.jwks.endpoint.url=${base}/jwks
sasl.oauthbearer.expected.issuer=i
sasl.oauthbearer.expected.audience=broker
`)
  const java = ['-cp', 'jars/*', `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${base}/jwks`]
  await run('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAQ', '-c', 'server.properties'])
  const broker = spawn('java', [...java, 'kafka.Kafka', 'server.properties'], { stdio: 'ignore' })
  process.on('exit', () => broker.kill('SIGKILL'))
  while (!(await isOpen(clients))) await sleep(200)
  return `127.0.0.1:${clients}`
}

/** Sends for 20 s, with a pause of one. */
async function sendAll(send) {
  const failures = []
  let last
  for (let i = 0; i < 20; i++) {
    last = await send().then(() => 'sent', error => {
      let cause = error
      while (cause.errors?.[0] ?? cause.cause) cause = cause.errors?.[0] ?? cause.cause
      failures.push(cause.message.replace(/\.$/, ''))
      return 'not sent'
    })
    await sleep(1000)
  }
  return `${failures.length} failed: ${failures[0]}; then ${last}`
}

const broker = await startBroker()
let asked = 0
const kafka = name => new kafkajs.Kafka({
  brokers: [broker],
  logLevel: kafkajs.logLevel.NOTHING,
  sasl: {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => {
      if (name === 'consumer') asked++
      return { value: token(name) }
    },
  },
})

async function kafkaJsConsumer() {
  const consumer = kafka('consumer').consumer({ groupId: 'group' })
  await consumer.connect()
  await consumer.subscribe({ topic: 'topic' })
  const joined = new Promise(resolve => consumer.on('consumer.group_join', resolve))
  await consumer.run({ eachMessage: async () => {} })
  await joined
  await sleep(3000)
  refused.add('consumer')
  const crash = new Promise(resolve => consumer.on('consumer.crash', ({ payload }) => resolve(payload)))
  const { restart } = await crash
  const before = asked
  await sleep(20_000)
  return `crash, restart: ${restart}; ${asked === before ? 'no ' : ''}more tokens asked for`
}

async function kafkaJsProducer() {
  const producer = kafka('KafkaJS').producer()
  await producer.connect()
  return `connect() returns; ${await sendAll(() => producer.send({ topic: 'topic', messages: [{ value: 'value' }] }))}`
}

async function platformatic() {
  const producer = new Producer({
    clientId: 'c',
    bootstrapBrokers: [broker],
    serializers: stringSerializers,
    sasl: { mechanism: 'OAUTHBEARER', token: async () => token('@platformatic/kafka') },
  })
  return sendAll(() => producer.send({ messages: [{ topic: 'topic', value: 'value' }] }))
}

const admin = kafka('admin').admin()
await admin.connect()
await admin.createTopics({ topics: [{ topic: 'topic', numPartitions: 1 }] })
await admin.disconnect()
const [python, producer, other, consumer] = await Promise.all([
  run('python/bin/python', ['check.py', broker, base]), kafkaJsProducer(), platformatic(), kafkaJsConsumer(),
])
console.log(`the first token of a producer is refused, and it then sends for 20 s
  aiokafka 0.14.0:             ${python.stdout.trim()}
  KafkaJS 2.2.4:               ${producer}
  @platformatic/kafka 1.35.0:  ${other}
a consumer has run, and its next token is refused
  KafkaJS 2.2.4:               ${consumer}`)
process.exit()
JS
KAFKAJS_NO_PARTITIONER_WARNING=1 node check.mjs | tee seen
diff - seen <<'SEEN'
the first token of a producer is refused, and it then sends for 20 s
  aiokafka 0.14.0:             start() returns; nothing is sent, 1 token asked for
  KafkaJS 2.2.4:               connect() returns; 1 failed: Request is not valid given the current SASL state; then sent
  @platformatic/kafka 1.35.0:  1 failed: Request is not valid given the current SASL state; then sent
a consumer has run, and its next token is refused
  KafkaJS 2.2.4:               crash, restart: false; no more tokens asked for
SEEN
