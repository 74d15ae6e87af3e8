"""The claims of an access token (RFC 9068 §2.2, §4): their form, whom they are from and for, and when they hold."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

from .jose.strict_json import JsonObject
from .safe_url import lies_under
from .token_error import TokenError

CLOCK_TOLERANCE = 30
"""Seconds by which the clocks of issuer and service may differ."""
YEAR_10000 = 253_402_300_800


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where to look whether the token was revoked (draft-ietf-oauth-status-list §6.2)."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A verified access token: who calls, and what they may do."""

    subject: str
    """`sub`: a user or a client, by an id that is never used again."""
    client_id: str
    """The client that the token was issued to."""
    roles: frozenset[str]
    """Empty for clients and API keys."""
    permissions: frozenset[str]
    """What `scope` says."""
    status: StatusReference | None
    """Where to look whether it was revoked; None for an issuer that publishes no status lists."""
    claims: Mapping[str, Any]
    """All claims, as they are in the token."""


def is_time(value: object) -> TypeGuard[float]:
    # A bool is an int to Python, and a number such as 1e999 is read as infinite.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -math.inf < value < YEAR_10000


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


Rule = tuple[str, Callable[[object], bool], str]
REQUIRED: tuple[Rule, ...] = (
    ("sub", _is_text, "a non-empty string"),
    ("client_id", _is_text, "a non-empty string"),
    ("jti", _is_text, "a non-empty string"),
    ("exp", is_time, "a time in seconds"),
    ("iat", is_time, "a time in seconds"),
)
OPTIONAL: tuple[Rule, ...] = (
    ("nbf", is_time, "a time in seconds"),
    ("auth_time", is_time, "a time in seconds"),
    ("roles", _is_strings, "an array of strings"),
    ("scope", _is_string, "a string"),
    ("sid", _is_string, "a string"),
)


def read_claims(payload: JsonObject, *, issuer: str, audience: str) -> AccessToken:
    """Raises TokenError: wrong_issuer, wrong_audience, invalid_claim."""
    if payload.get("iss") != issuer:
        raise TokenError("wrong_issuer", "The access token is from another issuer.")
    aud = payload.get("aud", [])
    if not _is_string(aud) and not _is_strings(aud):
        raise _invalid("aud", "a string or an array of strings")
    if audience not in ([aud] if isinstance(aud, str) else aud):
        raise TokenError("wrong_audience", "The access token is for another audience.")
    for name, holds, form in REQUIRED:
        if not holds(payload.get(name)):
            raise _invalid(name, form)
    for name, holds, form in OPTIONAL:
        if name in payload and not holds(payload[name]):
            raise _invalid(name, form)
    return AccessToken(
        subject=payload["sub"],
        client_id=payload["client_id"],
        roles=frozenset(payload.get("roles", [])),
        permissions=frozenset(payload.get("scope", "").split()),
        status=_read_status(payload["status"], issuer) if "status" in payload else None,
        claims=MappingProxyType(payload),
    )


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """Raises TokenError: expired, not_yet_valid."""
    if now >= claims["exp"] + CLOCK_TOLERANCE:
        raise TokenError("expired", "The access token has expired.")
    if now < max(claims["iat"], claims.get("nbf", -math.inf)) - CLOCK_TOLERANCE:
        raise TokenError("not_yet_valid", "The access token is not valid yet.")


def _read_status(status: object, issuer: str) -> StatusReference:
    """A status that can't be looked up would be one that says nothing."""
    reference = status.get("status_list") if isinstance(status, dict) else None
    if isinstance(reference, dict):
        uri, index = reference.get("uri"), reference.get("idx")
        if isinstance(uri, str) and lies_under(issuer, uri) and type(index) is int and index >= 0:
            return StatusReference(uri, index)
    raise _invalid("status", "a reference to a status list of the issuer")


def _invalid(name: str, form: str) -> TokenError:
    return TokenError("invalid_claim", f"The claim {name} of the access token is not {form}.")
