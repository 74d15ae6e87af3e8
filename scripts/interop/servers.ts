/** Servers that are there already: mail, calendars, chat, networks, brokers and gateways, most of them as Debian has them. */
import { type Needs, type Program, version } from './program.ts'

const debian = (release: number, servers: string): Program => ({
  name: `Debian ${release} in a folder, with ${servers}`,
  variable: `DEBIAN_${release}`,
  command: `/srv/debian-${release}`,
  runner: 'chroot',
  probe: ['true'],
  install: '.ci/install-interop FOLDER, as root, with debootstrap',
})
const debian12 = debian(12, 'Dovecot 2.3, Postfix, Prosody, FreeRADIUS, RabbitMQ, HAProxy, nginx, Caddy and Apache')
const debian13 = debian(13, 'Dovecot 2.4, Postfix, Prosody, FreeRADIUS and RabbitMQ 4.0')
const kafkaBroker: Program = {
  name: 'the program that is built with a Kafka broker',
  variable: 'KAFKA_BROKER',
  command: 'kafka-broker',
  probe: version,
  install: '.ci/install-interop FOLDER, with a JDK 17 or later and Maven',
}
const pika: Program = {
  name: "Python with pika, RabbitMQ's client",
  variable: 'PIKA',
  command: 'python3',
  probe: ['-c', 'import pika'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install pika==1.4.4',
}
const prosodyModule: Program = {
  name: "mod_auth_oauth_external of Prosody's community modules",
  variable: 'PROSODY_OAUTH_EXTERNAL',
  command: '/usr/local/lib/prosody/modules/mod_auth_oauth_external/mod_auth_oauth_external.lua',
  runner: 'cat',
  probe: [],
  install: 'prosodyctl install mod_auth_oauth_external; no package has it',
}
const radicale: Program = {
  name: 'Radicale 3.9',
  variable: 'RADICALE',
  command: 'radicale',
  probe: version,
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install radicale==3.9.0 requests==2.34.2',
}
const xmppClient: Program = {
  name: 'Python with slixmpp',
  variable: 'XMPP_CLIENT',
  command: 'python3',
  probe: ['-c', 'import slixmpp'],
  install: 'python3 -m venv FOLDER && FOLDER/bin/pip install slixmpp==1.17.0',
}

export const needsOfServers: Needs = [
  ['mail', debian12, debian13],
  ['prosody', debian12, debian13, prosodyModule, xmppClient],
  ['ejabberd', debian12],
  ['freeradius', debian12, debian13],
  ['kafka-broker', kafkaBroker],
  ['rabbitmq', debian12, debian13, pika],
  ['radicale', radicale],
  ['proxies', debian12],
]
