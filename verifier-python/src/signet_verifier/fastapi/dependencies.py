"""The dependencies of routes: who calls (RFC 6750), and whether they may."""

from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from ..claims import AccessToken
from ..mode import Mode
from ..token_error import TokenError
from ..verifier import Verifier
from .bearer_request import MalformedRequest, find_api_key, find_token
from .refusals import Refusals

SCHEME = "Access token"
Dependency = Callable[..., Awaitable[AccessToken]]

# It only puts the scheme into the API's documentation; `find_token` is stricter.
_Documented = Annotated[object, Security(HTTPBearer(auto_error=False, scheme_name=SCHEME))]


def _refuse() -> NoReturn:
    raise TypeError(
        "Call what makes the dependency: Depends(require_token()), Depends(require_role(...))."
    )


# FastAPI would take the arguments of `Depends(require_role)` from the query, and let everybody pass: it gets this error instead.
_Mode = Annotated[Mode, Depends(_refuse)]
_Name = Annotated[str, Depends(_refuse)]


def require_token(*, mode: _Mode = "lenient") -> Dependency:
    """
    A dependency that gives a route the caller's access token. It raises what `get_current_user` raises.

    :param mode: what to do while the token service is down
    """

    async def authenticated(request: Request, _: _Documented) -> AccessToken:
        return await _authenticate(request, mode)

    return authenticated


get_current_user = require_token()
"""
The dependency that gives a route the caller's access token.

It takes the token from the Authorization header, or an API key from X-API-Key where the verifier takes keys, and asks
`app.state.verifier`. It raises ApiError 401 without a good token, 400 for credentials that are sent in a wrong way or twice, and
503 when there are no keys yet or an API key cannot be exchanged.
"""


def require_role(role: _Name, *, mode: _Mode = "lenient") -> Dependency:
    """
    As `get_current_user`, for tokens that have the role; ApiError 403 for others. It authenticates by itself.

    :param role: the whole name, as it is in the claim `roles`. Tokens of clients and API keys have none
    :param mode: what to do while the token service is down
    """

    async def with_role(request: Request, _: _Documented) -> AccessToken:
        user = await _authenticate(request, mode)
        if role not in user.roles:
            raise _refusals_of(request).insufficient_scope(f"The role {role} is missing.")
        return user

    return with_role


def require_permission(permission: _Name, *, mode: _Mode = "lenient") -> Dependency:
    """
    As `get_current_user`, for tokens that have the permission; ApiError 403 for others. It authenticates by itself.

    :param permission: the whole name, as it is in the claim `scope`
    :param mode: what to do while the token service is down
    """

    async def with_permission(request: Request, _: _Documented) -> AccessToken:
        user = await _authenticate(request, mode, scope=permission)
        if permission not in user.permissions:
            description = f"The permission {permission} is missing."
            raise _refusals_of(request).insufficient_scope(description, scope=permission)
        return user

    return with_permission


async def _authenticate(request: Request, mode: Mode, **asked_for: str) -> AccessToken:
    """A request without a token is told what is `asked_for`."""
    verifier, refusals = _verifier_of(request), _refusals_of(request)
    try:
        key = await find_api_key(request) if verifier.takes_api_keys else None
        if key is not None:
            return await verifier.verify_api_key(key, mode)
        token = await find_token(request)
        if token is not None:
            return await verifier.verify(token, mode)
    except MalformedRequest as error:
        raise refusals.malformed(str(error)) from None
    except TokenError as error:
        raise refusals.of(error) from None
    raise refusals.missing_token(**asked_for)


def _verifier_of(request: Request) -> Verifier:
    verifier: Verifier = request.app.state.verifier
    return verifier


def _refusals_of(request: Request) -> Refusals:
    verifier = _verifier_of(request)
    return Refusals(
        verifier.audience,
        metadata_url=getattr(request.app.state, "resource_metadata_url", None),
        takes_api_keys=verifier.takes_api_keys,
        poll_interval=verifier.poll_interval,
    )
