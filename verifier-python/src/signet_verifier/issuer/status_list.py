"""A Status List Token (draft-ietf-oauth-status-list §5.1), checked and unpacked."""

import zlib
from dataclasses import dataclass

from ..claims import CLOCK_TOLERANCE, is_time
from ..jose.jws import parse_jws, verify_signature
from ..jose.keys import Keys
from ..jose.strict_json import decode_base64url

TYPE = "statuslist+jwt"
MAX_LENGTH = 1_000_000
MAX_INFLATED = 2**20
"""Bytes. Compressed, a few can stand for any number."""


@dataclass(frozen=True, slots=True)
class StatusList:
    expires_at: float
    bits: int
    entries: bytes

    def status_at(self, index: int) -> int | None:
        """0 is valid, all else is not (§7.1). None when the list has no such index."""
        byte, position = divmod(index, 8 // self.bits)
        if byte >= len(self.entries):
            return None
        # The first entry is in the lowest bits (§4.1).
        return self.entries[byte] >> position * self.bits & (1 << self.bits) - 1

    def check_current(self, now: float) -> None:
        """Raises ValueError."""
        if now >= self.expires_at + CLOCK_TOLERANCE:
            raise ValueError("it has expired")


def read_status_list(document: bytes, uri: str, *, keys: Keys, now: float) -> StatusList:
    """Raises ValueError or TokenError when the document does not count (§8.3)."""
    jws = parse_jws(document.decode("latin-1"), type_=TYPE, max_length=MAX_LENGTH)
    if jws.kid not in keys:
        raise ValueError("its key is unknown")
    verify_signature(jws, keys[jws.kid])
    if jws.payload.get("sub") != uri:
        raise ValueError("it is the list of another uri")
    issued_at, expires_at = jws.payload.get("iat"), jws.payload.get("exp")
    if not is_time(issued_at) or not is_time(expires_at):
        raise ValueError("it does not say when it was issued and when it expires")
    status_list = StatusList(expires_at, *_unpack(jws.payload.get("status_list")))
    status_list.check_current(now)
    return status_list


def _unpack(status_list: object) -> tuple[int, bytes]:
    """The size of an entry in bits, and the entries."""
    if not isinstance(status_list, dict) or not isinstance(status_list.get("lst"), str):
        raise ValueError("it has no status list")
    bits = status_list.get("bits")
    if type(bits) is not int or bits not in (1, 2, 4, 8):
        raise ValueError("its bits are not 1, 2, 4 or 8")
    inflating = zlib.decompressobj()
    try:
        entries = inflating.decompress(decode_base64url(status_list["lst"]), MAX_INFLATED + 1)
    except zlib.error as error:
        raise ValueError("it is not compressed by zlib") from error
    if not entries or len(entries) > MAX_INFLATED or not inflating.eof:
        raise ValueError("it is empty, cut short or too large")
    return bits, entries
