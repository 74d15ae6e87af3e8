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
    "invalid_api_key",
    "unavailable",
]


class TokenError(Exception):
    """
    A token or an API key that is refused. The message is for developers and repeats nothing of it.

    `code` says why; the README has them all.
    """

    def __init__(
        self, code: TokenErrorCode, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        """Seconds after which to try again, where they are known."""
