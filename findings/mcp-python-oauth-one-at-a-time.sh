#!/usr/bin/env bash
# The Python SDK of the Model Context Protocol, a machine that signs in by ClientCredentialsOAuthProvider: each call waits until the one
# before it has ended, and the scope that the provider is given is never asked for.
#
# Seen with mcp 2.3.0, a server of the same SDK with its defaults, and a client that calls a slow tool and then a quick one:
#   the token in a header:                     the quick one ends during the slow one
#   the token by the provider:                 the quick one ends after the slow one
#   scope='mail:read', the server lists none:  asks for no scope
#   the server lists 'mail:read mail:send':    asks for mail:read mail:send
#   the token service lists 'admin':           asks for admin
#   it has no authorization_endpoint:          asks for no token: No authorization server metadata discovered
#
# The provider holds its lock until there is an answer, so that a client makes one request at a time: a tool that takes a minute holds up
# every other for a minute. A good engineer would guess that signing in costs time once. And that a configured scope is what is asked for:
# it is replaced by what the server lists, or else the token service, or else by nothing. Then a service that gives all that the client
# may have to one who asks for nothing gives more than was configured, and one that is asked for too much may refuse. RFC 8414 lets a
# service without such a grant leave the authorization endpoint out; here it then has no metadata, and neither in the SDK for JavaScript.
# mcp 1.30.0 waits and asks in the same way. Fetch the token with another library and send it in a header, or use a client and provider
# of its own for each call that may take long. FastMCP 4.2.3 asks for the scope that it is given, but waits too.
#
# Runs in a folder of its own, with packages of the PyPI registry. Exit code 0: it is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mcp==2.3.0
cat >check.py <<'PY'
import asyncio
import logging
import socket
import sys

import httpx2
import uvicorn
from mcp.client.auth import OAuthFlowError
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

logging.disable(logging.CRITICAL)
listener = socket.create_server(("127.0.0.1", 0))
origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
# What the server and the token service say of themselves besides what they must, and the scope of each request for a token.
of_the_server, of_the_service, asked = {}, {}, []
slow_may_end = asyncio.Event()
tools = MCPServer("tools")


@tools.tool()
async def slow() -> str:
    await slow_may_end.wait()
    return ""


@tools.tool()
async def quick() -> str:
    return ""


tools_app = tools.streamable_http_app()


async def server_metadata(_):
    return JSONResponse({"resource": f"{origin}/mcp", "authorization_servers": [origin], **of_the_server})


async def service_metadata(_):
    return JSONResponse({"issuer": origin, "token_endpoint": f"{origin}/token", "response_types_supported": [], **of_the_service})


async def token(request):
    asked.append((await request.form()).get("scope", "no scope"))
    return JSONResponse({"access_token": "good", "token_type": "Bearer", "expires_in": 600})


async def only_with_a_token(scope, receive, send):
    if scope["type"] == "http" and dict(scope["headers"]).get(b"authorization") != b"Bearer good":
        return await JSONResponse({}, 401, {"www-authenticate": "Bearer"})(scope, receive, send)
    await tools_app(scope, receive, send)


app = Starlette(
    routes=[
        Route("/.well-known/oauth-protected-resource/mcp", server_metadata),
        Route("/.well-known/oauth-authorization-server", service_metadata),
        Route("/token", token, methods=["POST"]),
        Mount("/", only_with_a_token),
    ],
    lifespan=lambda _: tools.session_manager.run(),
)


class Storage:
    tokens = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return None

    async def set_client_info(self, _):
        pass


def provider():
    return ClientCredentialsOAuthProvider(
        server_url=f"{origin}/mcp", storage=Storage(), client_id="client", client_secret="secret", scope="mail:read", issuer=origin
    )


async def when_quick_ends(**how):
    slow_may_end.clear()
    async with httpx2.AsyncClient(timeout=60, **how) as http, Client(streamable_http_client(f"{origin}/mcp", http_client=http)) as client:
        calls = asyncio.create_task(client.call_tool("slow", {}))
        await asyncio.sleep(1)
        later = asyncio.create_task(client.call_tool("quick", {}))
        done, _ = await asyncio.wait({later}, timeout=3)
        slow_may_end.set()
        await asyncio.gather(calls, later)
    return f"the quick one ends {'during' if done else 'after'} the slow one"


async def what_is_asked(server, service):
    for current, wanted in (of_the_server, server), (of_the_service, service):
        current.clear()
        current.update(wanted)
    asked.clear()
    try:
        async with httpx2.AsyncClient(auth=provider()) as http:
            await http.get(f"{origin}/mcp")
    except OAuthFlowError as error:
        return f"asks for no token: {str(error).split(' for ')[0]}"
    return f"asks for {', '.join(asked)}"


async def main():
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    serving = asyncio.create_task(uvicorn_server.serve([listener]))
    while not uvicorn_server.started:
        await asyncio.sleep(0.1)
    endpoint = {"authorization_endpoint": f"{origin}/authorize"}
    of_the_service.update(endpoint)
    seen = [
        ("the token in a header:", await when_quick_ends(headers={"authorization": "Bearer good"})),
        ("the token by the provider:", await when_quick_ends(auth=provider())),
        ("scope='mail:read', the server lists none:", await what_is_asked({}, endpoint)),
        ("the server lists 'mail:read mail:send':", await what_is_asked({"scopes_supported": ["mail:read", "mail:send"]}, endpoint)),
        ("the token service lists 'admin':", await what_is_asked({}, {**endpoint, "scopes_supported": ["admin"]})),
        ("it has no authorization_endpoint:", await what_is_asked({}, {})),
    ]
    uvicorn_server.should_exit = True
    await serving
    for name, what in seen:
        print(f"{name:<43}{what}")
    return [what for _, what in seen] != [
        "the quick one ends during the slow one",
        "the quick one ends after the slow one",
        "asks for no scope",
        "asks for mail:read mail:send",
        "asks for admin",
        "asks for no token: No authorization server metadata discovered",
    ]


sys.exit(asyncio.run(main()))
PY
venv/bin/python check.py
