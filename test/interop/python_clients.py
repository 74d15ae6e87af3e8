"""Gets tokens by client_credentials with the OAuth 2 clients of others, as their users call them.

python_clients.py CLIENT CONFIG URL: CONFIG is {"id", "secret", "scope", "token_url"}. For each line of standard input it gets URL once
and prints {"status", "body"} or {"error"} as a line.
"""

import json
import sys

from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session as RequestsOAuthlib


def requests_oauthlib(config: dict):
    """It fetches a token when it is told to, and no other."""
    session = RequestsOAuthlib(client=BackendApplicationClient(client_id=config["id"], scope=config["scope"].split()))

    def get(url: str):
        if not session.authorized:
            session.fetch_token(config["token_url"], client_secret=config["secret"])
        return session.get(url)

    return get


def authlib(config: dict):
    """It fetches another token by itself when the first has expired."""
    session = Authlib(
        config["id"],
        config["secret"],
        scope=config["scope"],
        token_endpoint=config["token_url"],
        grant_type="client_credentials",
    )

    def get(url: str):
        if session.token is None:
            session.fetch_token()
        return session.get(url)

    return get


def answer(get, url: str) -> dict:
    try:
        response = get(url)
        return {"status": response.status_code, "body": response.text}
    # oauthlib raises even a Warning.
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    client, config, url = sys.argv[1:]
    get = {"requests-oauthlib": requests_oauthlib, "authlib": authlib}[client](json.loads(config))
    for _ in sys.stdin:
        print(json.dumps(answer(get, url)), flush=True)


main()
