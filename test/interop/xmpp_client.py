"""Signs in at an XMPP server on this machine and prints what came of it: the address that it got, or the error.

    xmpp_client.py PORT AUTHORITY-FILE ADDRESS MECHANISM < PASSWORD-OR-TOKEN
"""
import asyncio
import sys

import slixmpp
from slixmpp.util.sasl import Mech, sasl_mech

LONGEST_SECONDS = 20


@sasl_mech(30)
class OAuthBearer(Mech):
    """RFC 7628, which slixmpp does not have."""

    name = "OAUTHBEARER"
    required_credentials = {"password"}

    def process(self, challenge=b""):
        # What answers a challenge only acknowledges the error in it.
        return b"\x01" if challenge else b"n,,\x01auth=Bearer " + self.credentials["password"] + b"\x01\x01"


async def sign_in(port: str, authority: str, address: str, mechanism: str, password: str) -> str:
    client = slixmpp.ClientXMPP(address, password, sasl_mech=mechanism)
    client.ca_certs = authority
    client.enable_direct_tls = client.enable_plaintext = False
    came = asyncio.get_running_loop().create_future()

    def says(event: str, text):
        client.add_event_handler(event, lambda it: came.done() or came.set_result(text(it)))

    says("session_start", lambda _: f"bound {client.boundjid.bare}")
    says("failed_auth", lambda failure: f"failed {failure['condition']}")
    says("failed_all_auth", lambda _: "failed no mechanism")
    says("connection_failed", lambda error: f"not connected: {error}")
    client.connect("127.0.0.1", int(port))
    try:
        return await asyncio.wait_for(came, LONGEST_SECONDS)
    finally:
        client.abort()


print(asyncio.run(sign_in(*sys.argv[1:], sys.stdin.read())))
