"""One sign-in with Python's own imaplib or smtplib. Reads what to do as JSON, and writes what a mail program is told."""

import base64
import imaplib
import json
import smtplib
import socket
import ssl
import sys

asked = json.load(sys.stdin)
user, secret, mechanism = asked["user"], asked["secret"], asked["mechanism"]
source = (asked["from"], 0) if "from" in asked else None
challenges = []

SASL = {
    "XOAUTH2": f"user={user}\x01auth=Bearer {secret}\x01\x01",
    "OAUTHBEARER": f"n,a={user},\x01auth=Bearer {secret}\x01\x01",
}


def respond(challenge):
    """The first response, and then the empty one with which a client acknowledges why it is refused."""
    challenges.append(challenge.decode())
    return SASL[mechanism].encode() if len(challenges) == 1 else b"\x01"


class Imap(imaplib.IMAP4):
    def _create_socket(self, timeout):
        return socket.create_connection((self.host, self.port), timeout, source)


def by_imap():
    imaplib.Commands["ID"] = ("NONAUTH",)
    program = Imap("127.0.0.1", asked["port"], 30)
    if "forwards" in asked:
        program._simple_command("ID", f'("x-originating-ip" "{asked["forwards"]}" "x-originating-port" "55710")')
    try:
        answer = program.login(user, secret) if mechanism == "PLAIN" else program.authenticate(mechanism, respond)
        program.select("INBOX")
        return True, answer[1][0].decode()
    except imaplib.IMAP4.error as error:
        return False, error.args[0].decode() if isinstance(error.args[0], bytes) else str(error.args[0])


def by_smtp():
    # Who the server is, is not what is tried.
    context = ssl._create_unverified_context()
    program = smtplib.SMTP_SSL("127.0.0.1", asked["port"], timeout=30, context=context, source_address=source)
    program.ehlo("phone.example.com")
    if "forwards" in asked:
        program.docmd("XCLIENT", f"ADDR={asked['forwards']}")
        program.ehlo("phone.example.com")
    if mechanism == "PLAIN":
        try:
            code, answer = program.login(user, secret)
        except smtplib.SMTPResponseException as error:
            code, answer = error.smtp_code, error.smtp_error
    else:
        code, answer = program.docmd("AUTH", f"{mechanism} {base64.b64encode(SASL[mechanism].encode()).decode()}")
        if code == 334:
            challenges.append(base64.b64decode(answer).decode())
            code, answer = program.docmd(base64.b64encode(b"\x01").decode())
    program.mail(f"{user}@example.com")
    sends, _ = program.rcpt("somebody@example.org")
    if (code == 235) != (sends == 250):
        raise RuntimeError(f"AUTH was answered {code}, and RCPT {sends}")
    return code == 235, f"{code} {answer.decode()}"


done, answer = by_smtp() if asked["protocol"] == "smtp" else by_imap()
json.dump({"done": done, "answer": answer, "challenges": [each for each in challenges if each]}, sys.stdout)
