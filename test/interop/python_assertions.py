"""Gets tokens with Authlib and MSAL by a key of the client's own or by the token of its workload, as their users call them.

python_assertions.py CLIENT WAY SETTINGS: SETTINGS is {"id", "issuer", "token_url", "key_file", "token_file"}. For each line of standard
input, which is a scope, it asks for a token, and prints {} or {"error"} as a line.
"""

import json
import sys
import time
import types
import uuid
from pathlib import Path

import jwt
import msal
import requests
from authlib.common.urls import add_params_to_qs
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

client, way, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
client_id, issuer = settings["id"], settings["issuer"]
key = Path(settings["key_file"]).read_text()
token_file = Path(settings["token_file"])


def workload(auth, method, uri, headers, body):
    """A way of Authlib's to authenticate a client."""
    parameters = {
        "client_id": auth.client_id,
        "client_assertion_type": JWT_BEARER,
        "client_assertion": token_file.read_text(),
    }
    return uri, headers, add_params_to_qs(body, parameters.items())


def authlib():
    session = OAuth2Session(
        client_id,
        key,
        token_endpoint=settings["token_url"],
        token_endpoint_auth_method="workload" if way == "workload" else "private_key_jwt",
        grant_type="client_credentials",
    )
    methods = {
        "workload": lambda: ("workload", workload),
        "key": lambda: PrivateKeyJWT(issuer),
        "key named": lambda: PrivateKeyJWT(issuer, headers={"kid": "one"}),
        "default": lambda: PrivateKeyJWT(),
        "key with claims": lambda: PrivateKeyJWT(claims={"aud": issuer}),
    }
    session.register_client_auth_method(methods[way]())
    return lambda scope: session.fetch_token(scope=scope)


class WithAuthorizationEndpoint:
    """An http_client of MSAL's, which refuses metadata without an authorization endpoint, also where it has no use for one."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.post, self.close = self.session.post, self.session.close

    def get(self, url: str, **kwargs):
        response = self.session.get(url, **kwargs)
        text = json.dumps({**response.json(), "authorization_endpoint": issuer})
        return types.SimpleNamespace(status_code=response.status_code, headers=response.headers, text=text)


def own_assertion() -> str:
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm="RS256")


def msal_application():
    by_key = {"private_key": key, "thumbprint": "00" * 20}
    ways = {
        "workload": {"client_credential": {"client_assertion": token_file.read_text}},
        "key": {"client_credential": {"client_assertion": own_assertion}},
        "default": {"client_credential": by_key},
        "key with claims": {"client_credential": by_key, "client_claims": {"aud": issuer}},
        "discovery": {"client_credential": {"client_assertion": own_assertion}, "http_client": requests.Session()},
    }
    application = msal.ConfidentialClientApplication(
        client_id,
        # It takes no URL without a path, and this one means the issuer.
        oidc_authority=f"{issuer}/.",
        **{"http_client": WithAuthorizationEndpoint(), **ways[way]},
    )

    def fetch(scope: str) -> None:
        answer = application.acquire_token_for_client([scope])
        if "error" in answer:
            raise RuntimeError(answer["error"])

    return fetch


def answer(act) -> dict:
    try:
        act()
        return {}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    start = {"authlib": authlib, "msal": msal_application}[client]
    fetch = None

    def ask(scope: str) -> None:
        nonlocal fetch
        fetch = fetch or start()
        fetch(scope)

    for line in sys.stdin:
        print(json.dumps(answer(lambda: ask(line.strip()))), flush=True)


main()
