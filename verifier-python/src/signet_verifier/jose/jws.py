"""The compact serialization of a JWS (RFC 7515 §7.1), and what must hold before its key is looked up."""

from dataclasses import dataclass

from jwt import PyJWK, PyJWS
from jwt.exceptions import InvalidTokenError

from ..token_error import TokenError
from .strict_json import JsonObject, decode_base64url, parse_object

ALGORITHM = "RS256"
"""What Signet signs with. It is never taken from the token or from the issuer (RFC 8725 §3.1)."""

REFUSED_PARAMETERS = ("jwk", "jku", "x5u", "x5c", "crit", "b64")
"""Keys that the sender brings along, and rules that a reader must know: nothing here has use for them."""


@dataclass(frozen=True, slots=True)
class Jws:
    text: str
    kid: str
    payload: JsonObject


def parse_jws(text: str, *, type_: str, max_length: int) -> Jws:
    """Takes a JWS apart. Nothing in it is to be believed before `verify_signature`."""
    if len(text) > max_length:
        raise _malformed(f"It has more than {max_length} characters.")
    parts = text.split(".")
    if len(parts) != 3:
        raise _malformed("It is not three parts of base64url.")
    try:
        header, payload, _signature = map(decode_base64url, parts)
    except ValueError:
        raise _malformed("It is not three parts of base64url.") from None
    return Jws(text, _check_header(_object(header, "header"), type_), _object(payload, "payload"))


def verify_signature(jws: Jws, key: PyJWK) -> None:
    try:
        PyJWS().decode(jws.text, key, algorithms=[ALGORITHM])
    except InvalidTokenError:
        raise TokenError("bad_signature", "The signature of the token does not verify.") from None


def _object(data: bytes, name: str) -> JsonObject:
    try:
        return parse_object(data)
    except ValueError:
        raise _malformed(
            f"Its {name} is not one JSON object in UTF-8, with each member once."
        ) from None


def _check_header(header: JsonObject, type_: str) -> str:
    """Answers the kid."""
    if any(name in header for name in REFUSED_PARAMETERS):
        names = ", ".join(REFUSED_PARAMETERS)
        raise TokenError("unsupported", f"The header of the token has one of {names}.")
    if header.get("alg") != ALGORITHM:
        raise TokenError("unsupported", f"The algorithm of the token is not {ALGORITHM}.")
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower() not in (type_, f"application/{type_}"):
        raise TokenError("wrong_type", f"The type of the token is not {type_}.")
    kid = header.get("kid")
    if not isinstance(kid, str) or kid == "":
        raise _malformed("Its header names no key.")
    return kid


def _malformed(why: str) -> TokenError:
    return TokenError("malformed", f"The token is malformed. {why}")
