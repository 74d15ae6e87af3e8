"""A JWK Set (RFC 7517 §5): its bad keys are left out, and the good ones beside them go on."""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from .jws import ALGORITHM
from .strict_json import decode_base64url, parse_object

log = logging.getLogger("signet_verifier")

MIN_MODULUS_BITS = 2048
MIN_EXPONENT = 65537
SECRET_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""What only a private or a symmetric key has (RFC 7518 §6.3.2, §6.4)."""

Keys = Mapping[str, PyJWK]
"""The usable keys by their kid."""


def read_keys(document: bytes) -> Keys:
    """Raises ValueError when the document is no JWK Set or has no usable key: no reason to forget those held."""
    jwks = parse_object(document).get("keys")
    if not isinstance(jwks, list):
        raise ValueError("it is no JWK Set")
    times_seen = Counter(_kid_of(jwk) for jwk in jwks)

    keys = {}
    for jwk in jwks:
        kid = _kid_of(jwk)
        try:
            if kid is None:
                raise ValueError("it has no kid")
            if times_seen[kid] > 1:
                raise ValueError("another key has the same kid")
            keys[kid] = _read_key(jwk)
        except (ValueError, PyJWTError) as error:
            log.warning("the key %r is not used: %s", kid, error)
    if not keys:
        raise ValueError("it has no usable key")
    return keys


def _kid_of(jwk: object) -> str | None:
    kid = jwk.get("kid") if isinstance(jwk, dict) else None
    return kid if isinstance(kid, str) and kid != "" else None


def _read_key(jwk: dict[str, Any]) -> PyJWK:
    if jwk.get("kty") != "RSA" or jwk.get("alg", ALGORITHM) != ALGORITHM:
        raise ValueError(f"it is not for {ALGORITHM}")
    if jwk.get("use", "sig") != "sig":
        raise ValueError("it is not for signatures")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("it is not for verification")
    if any(name in jwk for name in SECRET_MEMBERS):
        raise ValueError("it is published with its private half")
    modulus, exponent = _integer(jwk.get("n")), _integer(jwk.get("e"))
    if modulus.bit_length() < MIN_MODULUS_BITS:
        raise ValueError(f"it has fewer than {MIN_MODULUS_BITS} bits")
    if exponent < MIN_EXPONENT or exponent % 2 == 0:
        raise ValueError(f"its exponent is even or less than {MIN_EXPONENT}")
    return PyJWK({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}, ALGORITHM)


def _integer(text: object) -> int:
    """RFC 7518 §2: Base64urlUInt, without leading zero octets."""
    data = decode_base64url(text) if isinstance(text, str) else b""
    if not data or data[0] == 0:
        raise ValueError("its numbers are empty or begin with a zero")
    return int.from_bytes(data)
