"""
How a request brings its access token (RFC 6750 §2): the Authorization header (§2.1) is the one way that is supported. Where a
service takes API keys, one may stand in X-API-Key in its place.
"""

import re
from urllib.parse import parse_qs

from fastapi import Request


class MalformedRequest(Exception):
    """Credentials that are brought in a wrong way, or twice. The message repeats nothing of them."""


async def find_token(request: Request) -> str | None:
    """What follows the scheme is handed on as it is: whether that is a token is for `verify` to say."""
    lines = request.headers.getlist("authorization")
    if len(lines) > 1:
        raise MalformedRequest("The Authorization header is sent more than once.")
    _check_query(request)
    if not lines or not re.match(r"bearer( |$)", lines[0], re.IGNORECASE):
        return None
    if await _has_token_in_form(request):
        raise MalformedRequest(
            "The access token is sent in the Authorization header and in the form."
        )
    return lines[0][len("bearer") :].lstrip(" ")


async def find_api_key(request: Request) -> str | None:
    """A header without a value counts as absent, and a comma as a joint of two lines: proxies make one of them, and no key has it."""
    lines = ",".join(request.headers.getlist("x-api-key")).split(",")
    if len(lines) > 1:
        raise MalformedRequest("The X-API-Key header is sent more than once.")
    if lines[0] == "":
        return None
    _check_query(request)
    is_authorized = any(request.headers.getlist("authorization"))
    if is_authorized or await _has_token_in_form(request):
        raise MalformedRequest("The X-API-Key header is sent beside other credentials.")
    return lines[0]


def _check_query(request: Request) -> None:
    if "access_token" in request.query_params:
        raise MalformedRequest(
            "An access token belongs in the Authorization header, not in the query."
        )


async def _has_token_in_form(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        return False
    form = parse_qs((await request.body()).decode("latin-1"), keep_blank_values=True)
    return "access_token" in form
