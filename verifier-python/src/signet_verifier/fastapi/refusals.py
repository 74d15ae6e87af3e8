"""What a caller is told who does not get in (RFC 6750 §3). No text repeats anything of the request."""

import math
import re

from ..token_error import TokenError
from .errors import ApiError


class Refusals:
    def __init__(
        self,
        realm: str,
        *,
        metadata_url: str | None,
        takes_api_keys: bool,
        poll_interval: float,
    ) -> None:
        """The realm is the audience. At `metadata_url` its metadata lies (RFC 9728 §5.1)."""
        self._realm, self._metadata_url = realm, metadata_url
        self._takes_api_keys, self._poll_interval = takes_api_keys, poll_interval

    def missing_token(self, **asked_for: str) -> ApiError:
        """No error code: somebody who came without a token has made no mistake (§3.1)."""
        or_key = ", or an API key in X-API-Key" if self._takes_api_keys else ""
        description = f"This needs an access token in the Authorization header{or_key}."
        return ApiError(401, "missing_token", description, self._challenge(**asked_for))

    def malformed(self, description: str) -> ApiError:
        return self._refusal(400, "invalid_request", description)

    def insufficient_scope(self, description: str, **asked_for: str) -> ApiError:
        return self._refusal(403, "insufficient_scope", description, **asked_for)

    def of(self, error: TokenError) -> ApiError:
        if error.code != "unavailable":
            return self._refusal(401, "invalid_token", str(error))
        # No challenge: another token would not help.
        seconds = self._poll_interval if error.retry_after is None else error.retry_after
        retry_after = {"Retry-After": str(max(1, math.ceil(seconds)))}
        return ApiError(503, "temporarily_unavailable", str(error), retry_after)

    def _refusal(self, status: int, code: str, description: str, **asked_for: str) -> ApiError:
        # It may have fewer characters than JSON has (§3): a role may be named with quotes, for one.
        describable = re.sub(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]", "?", description)
        challenge = self._challenge(error=code, error_description=describable, **asked_for)
        return ApiError(status, code, description, challenge)

    def _challenge(self, **parameters: str) -> dict[str, str]:
        parameters = {"realm": self._realm, **parameters}
        if self._metadata_url is not None:
            parameters["resource_metadata"] = self._metadata_url
        pairs = ", ".join(f"{name}={_quoted(value)}" for name, value in parameters.items())
        return {"WWW-Authenticate": f"Bearer {pairs}"}


def _quoted(text: str) -> str:
    """A quoted-string (RFC 9110 §5.6.4), without what is no printable ASCII."""
    escaped = re.sub(r'(["\\])', r"\\\1", re.sub(r"[^\x20-\x7e]", "", text))
    return f'"{escaped}"'
