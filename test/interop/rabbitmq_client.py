"""A program with RabbitMQ's Python client. Each line of standard input is an object, and each is answered with a line.

{"open": name, "password": token} opens a connection and a channel under this name.
{"on": name, "do": what, "queue": queue} does it on the channel: declare, publish, get, subscribe, or look how much has come.
{"on": name, "renew": token} gives the connection another token.
"""

import json
import os
import sys

import pika
import pika.exceptions

connections = {}
received = {}


def opened(line):
    name = line["open"]
    credentials = pika.PlainCredentials("", line["password"])
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(port=int(os.environ["RABBITMQ_PORT"]), credentials=credentials)
    )
    received[name] = []
    connections[name] = (connection, connection.channel())


def channel_of(name):
    """An error closes a channel, and a client goes on with another."""
    connection, channel = connections[name]
    if channel.is_closed:
        channel = connection.channel()
        connections[name] = (connection, channel)
    return channel


def done(line):
    name, what, queue = line["on"], line["do"], line["queue"]
    channel = channel_of(name)
    if what == "declare":
        channel.queue_declare(queue)
    elif what == "publish":
        channel.confirm_delivery()
        channel.basic_publish("", queue, b"hello")
    elif what == "subscribe":
        channel.basic_consume(queue, lambda *message: received[name].append(message), auto_ack=True)
    elif what == "look":
        connections[name][0].process_data_events()
        return {"done": True, "received": len(received[name])}
    else:
        _, _, body = channel.basic_get(queue, auto_ack=True)
        return {"done": True, "got": body and body.decode()}
    return {"done": True}


def answer(line):
    if "open" in line:
        opened(line)
    elif "renew" in line:
        connections[line["on"]][0].update_secret(line["renew"], "a new token")
    else:
        return done(line)
    return {"done": True}


def main():
    for text in sys.stdin:
        try:
            said = answer(json.loads(text))
        except (pika.exceptions.ConnectionClosed, pika.exceptions.ChannelClosed) as error:
            said = {"refused": type(error).__name__, "says": f"{error.reply_code} {error.reply_text}"}
        except pika.exceptions.AMQPError as error:
            said = {"refused": type(error).__name__, "says": str(error)}
        print(json.dumps(said), flush=True)


main()
