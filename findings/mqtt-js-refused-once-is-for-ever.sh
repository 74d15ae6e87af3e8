#!/usr/bin/env bash
# MQTT.js: a client that has been connected and is refused once when it comes back never tries again. It goes on saying that it is
# reconnecting, and what it publishes waits for ever. A broker that can't reach its token service for a moment has that effect.
#
# Seen with mqtt 5.16.0, aedes 1.2.0 as the broker, and paho-mqtt 2.2.0. The connection breaks, and for two seconds the broker
#   is not there:                                      10 or so attempts, connected, publish: done
#   answers 3, server unavailable:                     1 attempt, reconnecting: true, publish: no answer
#   answers 5, not authorized:                         1 attempt, reconnecting: true, publish: no answer
#   answers 3, with reconnectOnConnackError:           10 or so attempts, connected, publish: done
#   answers 5 to the old token, a new one at hand:     1 attempt, reconnecting: true, publish: no answer
#   the same, with both settings below:                1 attempt, connected, publish: done
#   answers 3, to paho-mqtt:                           connected
#
# A broker that is away is tried for ever, every reconnectPeriod. A good engineer would guess that the same holds for one that says to
# come back later, which also MQTT 3.1.1 names apart from a wrong password, or at least that the client ends. There is one `error` and no
# `end`, `client.reconnecting` stays true, and a promise of publishAsync is never settled. With a token as the password it is a question
# of time: MQTT.js sends the one of its options again, so the first connection that breaks after it has expired is the last.
#
# Set reconnectOnConnackError: true, which its README has and which is false by default, and put a fresh token into
# client.options.password in a listener of `reconnect`, which runs before the connection is made. paho-mqtt keeps trying by itself.
#
# Runs in a folder of its own, with packages of npm and PyPI. Needs Node 22. Takes a minute. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund mqtt@5.16.0 aedes@1.2.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check paho-mqtt==2.2.0
cat >check.py <<'PY'
import sys
import time

from paho.mqtt.client import CallbackAPIVersion, Client

client = Client(CallbackAPIVersion.VERSION2)
client.username_pw_set("client", "token 1")
client.reconnect_delay_set(1, 1)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
while not client.is_connected():
    time.sleep(0.1)
print("ready", flush=True)
sys.stdin.readline()
print("connected" if client.is_connected() else "not connected", flush=True)
client.loop_stop()
PY
cat >check.mjs <<'JS'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'

// What the broker answers: 0 if nothing is wrong. The token that it accepts changes with time, too.
let answer = 0
let good = 'token 1'
const sockets = new Set()
const broker = await Aedes.createBroker()
broker.authenticate = (_client, _name, password, done) => {
  const returnCode = answer || (String(password) === good ? 0 : 5)
  if (returnCode) done(Object.assign(new Error('refused'), { returnCode }), false)
  else done(null, true)
}
const server = createServer(socket => {
  sockets.add(socket)
  broker.handle(socket)
})
const listen = async port => {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}
const port = await listen(0)

/** Breaks all connections; for two seconds the broker is not there (`away`), or gives this answer. */
async function trouble(what) {
  if (what === 'away') server.close()
  else answer = what
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await sleep(2000)
  if (what === 'away') await listen(port)
  answer = 0
  await sleep(2500)
}

async function client(what, options, atReconnect) {
  good = 'token 1'
  const client = mqtt.connect({ host: '127.0.0.1', port, username: 'client', password: good, reconnectPeriod: 200, ...options })
  await once(client, 'connect')
  let attempts = 0
  let ended = ''
  client.on('error', () => {})
  client.on('end', () => (ended = ', end'))
  client.on('reconnect', () => {
    attempts++
    atReconnect?.(client)
  })
  if (what === 'new token') good = 'token 2'
  await trouble(what === 'new token' ? 0 : what)
  const state = client.connected ? 'connected' : `reconnecting: ${client.reconnecting}`
  const published = await Promise.race([client.publishAsync('topic', 'value', { qos: 1 }).then(() => 'done', error => error.message), sleep(3000, 'no answer')])
  client.end(true)
  return `${attempts === 1 ? '1 attempt' : attempts > 4 && attempts < 15 ? '10 or so attempts' : `${attempts} attempts`}, ${state}, publish: ${published}${ended}`
}

async function paho() {
  good = 'token 1'
  const child = spawn('python/bin/python', ['check.py', port], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  await trouble(3)
  child.stdin.end('\n')
  return (await lines.next()).value
}

const line = (name, seen) => console.log(`${`${name}:`.padEnd(51)}${seen}`)
line('is not there', await client('away'))
line('answers 3, server unavailable', await client(3))
line('answers 5, not authorized', await client(5))
line('answers 3, with reconnectOnConnackError', await client(3, { reconnectOnConnackError: true }))
line('answers 5 to the old token, a new one at hand', await client('new token'))
line('the same, with both settings below', await client('new token', { reconnectOnConnackError: true }, client => (client.options.password = good)))
line('answers 3, to paho-mqtt', await paho())
process.exit()
JS
node check.mjs | tee seen
diff - seen <<'SEEN'
is not there:                                      10 or so attempts, connected, publish: done
answers 3, server unavailable:                     1 attempt, reconnecting: true, publish: no answer
answers 5, not authorized:                         1 attempt, reconnecting: true, publish: no answer
answers 3, with reconnectOnConnackError:           10 or so attempts, connected, publish: done
answers 5 to the old token, a new one at hand:     1 attempt, reconnecting: true, publish: no answer
the same, with both settings below:                1 attempt, connected, publish: done
answers 3, to paho-mqtt:                           connected
SEEN
