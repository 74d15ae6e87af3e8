"""The dependencies of routes: who calls (RFC 6750), and whether they may."""

import math
import re
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Request, Security
from fastapi.security import HTTPBearer

from .claims import AccessToken
from .errors import ApiError
from .token_error import TokenError
from .verifier import Mode, Verifier

Dependency = Callable[..., Awaitable[AccessToken]]

# It only puts the scheme into the API's documentation; `_find_token` is stricter.
_Documented = Annotated[object, Security(HTTPBearer(auto_error=False, scheme_name="Access token"))]


def require_token(*, mode: Mode = "lenient") -> Dependency:
    """A route that depends on it gets the caller's access token."""

    async def authenticated(request: Request, _: _Documented) -> AccessToken:
        return await _authenticate(request, mode)

    return authenticated


get_current_user = require_token()


def require_role(role: str, *, mode: Mode = "lenient") -> Dependency:
    """It authenticates by itself."""

    async def with_role(request: Request, _: _Documented) -> AccessToken:
        user = await _authenticate(request, mode)
        if role not in user.roles:
            raise _insufficient_scope(request, f"The role {role} is missing.")
        return user

    return with_role


def require_permission(permission: str, *, mode: Mode = "lenient") -> Dependency:
    """It authenticates by itself."""

    async def with_permission(request: Request, _: _Documented) -> AccessToken:
        user = await _authenticate(request, mode, scope=permission)
        if permission not in user.permissions:
            description = f"The permission {permission} is missing."
            raise _insufficient_scope(request, description, scope=permission)
        return user

    return with_permission


async def _authenticate(request: Request, mode: Mode, **asked_for: str) -> AccessToken:
    """A challenge for a request without a token has no error code (RFC 6750 §3.1), but says what is `asked_for`."""
    verifier = _verifier_of(request)
    token = await _find_token(request)
    if token is None:
        description = "This needs an access token in the Authorization header."
        raise ApiError(401, "missing_token", description, _challenge(request, **asked_for))
    try:
        return await verifier.verify(token, mode)
    except TokenError as error:
        if error.code != "unavailable":
            raise _refusal(request, 401, "invalid_token", str(error)) from None
        # No challenge: another token would not help.
        retry_after = {"Retry-After": str(math.ceil(verifier.poll_interval))}
        raise ApiError(503, "temporarily_unavailable", str(error), retry_after) from None


async def _find_token(request: Request) -> str | None:
    """What follows the scheme is handed on as it is: whether that is a token is for `verify` to say."""
    lines = request.headers.getlist("authorization")
    if len(lines) > 1:
        raise _invalid_request(request, "The Authorization header is sent more than once.")
    if "access_token" in request.query_params:
        description = "An access token belongs in the Authorization header, not in the query."
        raise _invalid_request(request, description)
    if not lines or not re.match(r"bearer( |$)", lines[0], re.IGNORECASE):
        return None
    if await _has_token_in_form(request):
        description = "The access token is sent in the Authorization header and in the form."
        raise _invalid_request(request, description)
    return lines[0][len("bearer") :].lstrip(" ")


async def _has_token_in_form(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        return False
    form = parse_qs((await request.body()).decode("latin-1"), keep_blank_values=True)
    return "access_token" in form


def _invalid_request(request: Request, description: str) -> ApiError:
    return _refusal(request, 400, "invalid_request", description)


def _insufficient_scope(request: Request, description: str, **asked_for: str) -> ApiError:
    return _refusal(request, 403, "insufficient_scope", description, **asked_for)


def _refusal(
    request: Request, status: int, code: str, description: str, **asked_for: str
) -> ApiError:
    # It may have fewer characters than JSON has (RFC 6750 §3): a role may be named with quotes, for one.
    describable = re.sub(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]", "?", description)
    challenge = _challenge(request, error=code, error_description=describable, **asked_for)
    return ApiError(status, code, description, challenge)


def _challenge(request: Request, **parameters: str) -> dict[str, str]:
    """RFC 6750 §3. The realm is the audience."""
    quoted = {"realm": _verifier_of(request).audience, **parameters}
    pairs = ", ".join(f"{name}={_quoted(value)}" for name, value in quoted.items())
    return {"WWW-Authenticate": f"Bearer {pairs}"}


def _quoted(text: str) -> str:
    """A quoted-string (RFC 9110 §5.6.4), without what is no printable ASCII."""
    escaped = re.sub(r'(["\\])', r"\\\1", re.sub(r"[^\x20-\x7e]", "", text))
    return f'"{escaped}"'


def _verifier_of(request: Request) -> Verifier:
    verifier: Verifier = request.app.state.verifier
    return verifier
