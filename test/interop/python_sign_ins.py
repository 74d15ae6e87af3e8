"""Signs a person in with requests-oauthlib, as its users call it.

python_sign_ins.py SETTINGS: those of sign-ins.ts, as JSON. Each line of standard input is one of the acts there, and is answered with {}
or {"error"}.
"""

import json
import sys

from oauthlib.oauth2 import LegacyApplicationClient
from requests_oauthlib import OAuth2Session

settings = json.loads(sys.argv[1])
client = LegacyApplicationClient(client_id=settings["id"])
session = OAuth2Session(client=client)
# What it does not send with a refresh by itself.
credentials = {"client_id": settings["id"], **({"client_secret": settings["secret"]} if settings["secret"] else {})}


def sign_in() -> None:
    session.fetch_token(
        settings["tokenUrl"],
        username=settings["username"],
        password=settings["password"],
        client_secret=settings["secret"],
    )


def refresh() -> None:
    session.refresh_token(settings["tokenUrl"], **credentials)


def revoke() -> None:
    url, headers, body = client.prepare_token_revocation_request(
        settings["revokeUrl"], session.token["refresh_token"], token_type_hint="refresh_token", **credentials
    )
    session.post(url, data=body, headers=headers).raise_for_status()


acts = {"signIn": sign_in, "refresh": refresh, "revoke": revoke}
for line in sys.stdin:
    try:
        acts[line.strip()]()
        print("{}", flush=True)
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
