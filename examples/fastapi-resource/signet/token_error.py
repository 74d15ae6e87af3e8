"""Why a token is refused."""

from typing import Literal

TokenErrorCode = Literal[
    "malformed",
    "unsupported",
    "unknown_key",
    "bad_signature",
    "wrong_type",
    "wrong_issuer",
    "wrong_audience",
    "expired",
    "not_yet_valid",
    "invalid_claim",
    "revoked",
    "unavailable",
]


class TokenError(Exception):
    """A token that is refused. The message is for developers and repeats nothing of the token."""

    def __init__(self, code: TokenErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
