"""JSON and base64url that can be read in one way only. Python's own readers are more forgiving."""

import base64
import json
from typing import Any, NoReturn

JsonObject = dict[str, Any]


def decode_base64url(text: str) -> bytes:
    """RFC 7515 §2: no padding, no white space, no bits that say nothing. Raises ValueError."""
    decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # b64decode skips what it does not know, so what it read is written again and compared.
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != text.encode():
        raise ValueError("This is not base64url.")
    return decoded


def parse_object(data: bytes) -> JsonObject:
    """One JSON object in UTF-8, with each member once. Raises ValueError."""
    try:
        # The byte order mark stays in the text, where json.loads refuses it.
        value = json.loads(
            data.decode(), object_pairs_hook=_each_once, parse_constant=_refuse_constant
        )
    except RecursionError as error:
        raise ValueError("This is nested too deeply.") from error
    if not isinstance(value, dict):
        raise ValueError("This is no JSON object.")
    return value


def _each_once(members: list[tuple[str, Any]]) -> JsonObject:
    """Which of two members with one name counts is up to the reader: that is how checks are passed by."""
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("A member is there twice.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON.")
