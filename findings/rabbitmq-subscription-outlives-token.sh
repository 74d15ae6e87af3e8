#!/usr/bin/env bash
# RabbitMQ, OAuth 2: a token that expires ends no connection. An idle channel is refused at its next operation, a channel that publishes
# without a pause up to a minute later, and who has subscribed goes on getting messages.
#
# Seen with RabbitMQ 3.10.8 on Erlang 25.2.3 (Debian 12) and pika 1.4.4, with a token that expires while all three are connected; and with
# 4.0.5 of Debian 13, where this script was not run:
#   an idle channel:            403, … Provided JWT token has expired …
#   a channel that publishes:   403 after 58 s
#   a subscriber:               got the message that was published after that
#
# A channel remembers the permissions that it has looked up, and forgets them when it has been idle, and each 60 s. Deliveries look at
# no permission. A good engineer would guess, from the documentation of connection.update_secret, that a client which gives no new token
# is cut off when the old one expires. Who must be cut off then needs rabbitmqctl close_all_user_connections.
#
# Runs in a folder of its own, on Debian 12, for a minute and a half, with packages of Debian that are only unpacked, and of PyPI. Needs
# Python 3.11. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq rabbitmq-server erlang-{base,asn1,crypto,eldap,inets,mnesia,os-mon,parsetools,public-key,runtime-tools,ssl,syntax-tools,tools,xmerl} 2>/dev/null
for package in *.deb; do dpkg -x "$package" .; done
sed -i "s|=/usr/lib/erlang|=$folder/usr/lib/erlang|" usr/lib/erlang/bin/erl
python3 -m venv python
python/bin/pip install -q --disable-pip-version-check pika==1.4.4 PyJWT==2.10.1 cryptography==45.0.7

cat >ports.py <<'PY'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(each.getsockname()[1] for each in sockets))
PY
read -r port names peers < <(python3 ports.py)
openssl genpkey -quiet -algorithm RSA -out key.pem && openssl pkey -in key.pem -pubout -out public.pem
echo '[rabbitmq_auth_backend_oauth2].' >enabled_plugins
cat >rabbitmq.conf <<CONF
auth_backends.1 = rabbit_auth_backend_oauth2
auth_oauth2.resource_server_id = broker
auth_oauth2.default_key = k
auth_oauth2.signing_keys.k = $folder/public.pem
CONF
export PATH=$folder/usr/lib/erlang/bin:$PATH HOME=$folder ERL_EPMD_PORT=$names ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_NODENAME=check@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$port
export RABBITMQ_DIST_PORT=$peers RABBITMQ_MNESIA_BASE=$folder/mnesia RABBITMQ_LOG_BASE=$folder/log RABBITMQ_LOGS=- RABBITMQ_PID_FILE=$folder/pid
export RABBITMQ_CONFIG_FILE=$folder/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$folder/enabled_plugins RABBITMQ_GENERATED_CONFIG_DIR=$folder
"$folder"/usr/lib/erlang/erts-*/bin/epmd -port "$names" -address 127.0.0.1 &
"$folder"/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server >log.txt 2>&1 &

cat >check.py <<'PY'
import sys
import time

import jwt
import pika
import pika.exceptions

PORT, KEY = int(sys.argv[1]), open("key.pem").read()


def connect(expires):
    scope = "broker.read:*/* broker.write:*/* broker.configure:*/*"
    token = jwt.encode({"aud": "broker", "sub": "s", "scope": scope, "exp": expires}, KEY, "RS256", {"kid": "k"})
    credentials = pika.PlainCredentials("", token)
    return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", PORT, credentials=credentials))


def first():
    """As soon as the broker is there."""
    for _ in range(600):
        try:
            return connect(int(time.time()) + 600)
        except pika.exceptions.AMQPConnectionError:
            time.sleep(0.1)
    sys.exit(open("log.txt").read())


def refusal(act):
    try:
        act()
    except pika.exceptions.ChannelClosedByBroker as error:
        return f"{error.reply_code} {error.reply_text}"


good = first().channel()
for queue in ("quiet", "loud"):
    good.queue_declare(queue)
expires = int(time.time()) + 4
idle, busy, subscriber = (connect(expires) for _ in range(3))
idle_channel, loud = idle.channel(), busy.channel()
loud.confirm_delivery()
received = []
subscriber.channel().basic_consume("quiet", lambda *message: received.append(message), auto_ack=True)

refused_after = idle_says = None
while refused_after is None and time.time() < expires + 90:
    if refusal(lambda: loud.basic_publish("", "loud", b"x")):
        refused_after = time.time() - expires
    elif idle_says is None and time.time() > expires + 1:
        idle_says = refusal(lambda: idle_channel.queue_declare("other")) or "accepted"
    time.sleep(0.05)
good.connection.process_data_events()
good.basic_publish("", "quiet", b"after it has expired")
subscriber.process_data_events(time_limit=5)

print(f"an idle channel:            {str(idle_says)[:100]}…")
print(f"a channel that publishes:   403 after {refused_after and round(refused_after)} s")
print(f"a subscriber:               got {[body.decode() for *_, body in received]}")
sys.exit(not (str(idle_says).startswith("403") and refused_after and refused_after > 10 and len(received) == 1))
PY
python/bin/python check.py "$port"
