"""Protected resource metadata (RFC 9728): tells whoever comes without a token where to get one."""

import json
import re
from collections.abc import Sequence
from ipaddress import ip_address

from fastapi import FastAPI, Request, Response

from ..safe_url import is_safe_url
from ..verifier import Verifier

WELL_KNOWN = "/.well-known/oauth-protected-resource"
RESOURCE = re.compile(
    r"(?P<origin>(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:]+\])(?::(?P<port>[1-9][0-9]{0,4}))?)(?P<path>/[A-Za-z0-9_./~-]*)?"
)
"""A URL as URLs are normally written, because it is compared byte for byte, and with a path that all routers read alike."""
DEFAULT_PORTS = {"http": "80", "https": "443"}
SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""RFC 6749 §3.3"""


def publish_resource_metadata(app: FastAPI, verifier: Verifier, scopes: Sequence[str] = ()) -> None:
    """
    Serves the metadata of the verifier's audience, and has challenges name it. The Host header of a request is never looked at.

    :param app: gets the route, and the URL of it in `app.state.resource_metadata_url`
    :param verifier: whose audience and issuer are published
    :param scopes: the permissions that callers may ask for, as `scopes_supported`
    :raises ValueError: for an audience that is no https URL in normal form, or scopes that are no permissions
    """
    origin, path = _place_of(verifier.audience)
    if not all(SCOPE_TOKEN.fullmatch(scope) for scope in scopes):
        raise ValueError("The scopes of the resource metadata must be permissions.")
    document: dict[str, object] = {
        "resource": verifier.audience,
        "authorization_servers": [verifier.issuer],
        "bearer_methods_supported": ["header"],
    }
    # §3.2: what is empty is left out.
    if scopes:
        document["scopes_supported"] = list(scopes)
    body = json.dumps(document, separators=(",", ":"))
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, max-age=300",
        "Content-Type": "application/json; charset=utf-8",
    }

    async def serve(_request: Request) -> Response:
        return Response(body, headers=headers)

    app.add_route(path, serve, methods=["GET"], include_in_schema=False)
    app.state.resource_metadata_url = origin + path


def _place_of(audience: str) -> tuple[str, str]:
    """Answers origin and path: the well-known part goes between host and path (§3.1)."""
    match = RESOURCE.fullmatch(audience)
    if match is None or not _is_normal(match) or not is_safe_url(audience):
        raise ValueError(
            "For its resource metadata the audience must be an https URL in the normal form of URLs, without a query or fragment,"
            " and with a path of letters, digits and - . _ ~ only; plain http is for loopback hosts only."
        )
    # The slash that ends the host goes, one that ends a path stays.
    path = match["path"] or "/"
    return match["origin"], WELL_KNOWN + ("" if path == "/" else path)


def _is_normal(match: re.Match[str]) -> bool:
    scheme, host, port = match["scheme"], match["host"], match["port"] or "0"
    if port == DEFAULT_PORTS[scheme] or int(port) > 65_535:
        return False
    # Clients take a host whose last part is a number for an address.
    is_address = re.search(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$", host) is not None or "[" in host
    if is_address and not _is_address(host):
        return False
    return not {".", ".."} & set((match["path"] or "").split("/"))


def _is_address(host: str) -> bool:
    """Written in the one way that is normal."""
    try:
        return host in (str(ip_address(host.strip("[]"))), f"[{ip_address(host.strip('[]'))}]")
    except ValueError:
        return False
