"""The form of an API key: `signet_key_`, the id, `_`, the secret, and a checksum of all before it."""

import hashlib
import re
import zlib

FORM = re.compile(r"(signet_key_[0-9a-f]{32}_[0-9a-f]{64})([0-9a-f]{8})")


def is_api_key(text: str) -> bool:
    """Whether it can be a key at all: what is cut, mistyped or made up costs the token service nothing."""
    match = FORM.fullmatch(text)
    return match is not None and f"{zlib.crc32(match[1].encode()):08x}" == match[2]


def hash_of(key: str) -> bytes:
    """What a key is remembered by. Its secret has 256 bits: nobody guesses it from this."""
    return hashlib.sha256(key.encode()).digest()
