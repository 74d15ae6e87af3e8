"""The exchange of an API key for an access token (RFC 8693 §2), by a client that authenticates (RFC 6749 §2.3.1)."""

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote_plus

from ..claims import is_time
from ..clock import Clock
from ..issuer.fetching import Answer, Outage
from ..jose.strict_json import JsonObject, parse_object

ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
UNFIT_CODES = ("invalid_target", "invalid_scope", "invalid_grant")

PAUSE = 1.0
"""Seconds after an answer that may be another soon, unless it says when."""
LONG_PAUSE = 10.0
"""Seconds after one that stays the same until somebody changes how client or service are set up."""
MAX_PAUSE = 60.0
"""Seconds, however long the token service would be left alone."""


@dataclass(frozen=True, slots=True)
class ApiKeyClient:
    """
    The client as which a service exchanges API keys. It needs the grant for token exchange and the audience of the service.

    :raises ValueError: for an id or a secret that is empty, or has other characters than printable ASCII
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    """None for a public client. It is sent by HTTP Basic and is in no repr."""

    def __post_init__(self) -> None:
        """RFC 6749 Appendix A.1, A.2. What is empty was meant to be something."""
        secret = self.client_secret
        if not _is_credential(self.client_id) or (
            secret is not None and not _is_credential(secret)
        ):
            raise ValueError(
                "The id and the secret of the client for API keys must be non-empty strings of printable ASCII."
            )


def _is_credential(text: str) -> bool:
    return re.fullmatch(r"[\x20-\x7e]+", text) is not None


@dataclass(frozen=True, slots=True)
class Granted:
    token: str = field(repr=False)
    lifetime: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The key is unknown, revoked or expired, or its owner may not have a token."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Not for this service, or not by this client: with another key it may be otherwise."""

    problem: str


@dataclass(frozen=True, slots=True)
class Failed:
    """With another key it would be the same."""

    problem: str
    pause: float = PAUSE
    """Seconds for which to leave the token service alone."""


Answered = Granted | Refused | Unfit
"""What the token service says to a key. Problems repeat nothing of the key, nor of what came."""
FindEndpoint = Callable[[bool], Awaitable[str]]
"""Where to exchange. It is told whether to look again, and raises Outage."""
Post = Callable[[str, dict[str, str], dict[str, str]], Awaitable[Answer]]


class TokenExchange:
    def __init__(
        self,
        client: ApiKeyClient,
        audience: str,
        find_endpoint: FindEndpoint,
        post: Post,
        clock: Clock,
    ) -> None:
        """`audience` is whom the tokens are for: a URI (RFC 8707 §2), or a name, which only an exchange can ask for (RFC 8693 §2.1)."""
        self._client, self._audience = client, audience
        self._find_endpoint, self._post, self._clock = find_endpoint, post, clock
        self._has_failed = False

    async def __call__(self, key: str) -> Answered | Failed:
        """Never raises."""
        try:
            answer = await self._ask(key)
        except Outage as outage:
            answer = Failed(str(outage))
        # After a failure the metadata is read again: the endpoint may have moved.
        self._has_failed = isinstance(answer, Failed)
        return answer

    async def _ask(self, key: str) -> Answered | Failed:
        endpoint = await self._find_endpoint(self._has_failed)
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "client_id": self._client.client_id,
            "subject_token": key,
            "subject_token_type": "urn:signet:params:oauth:token-type:api-key",
            "resource" if ":" in self._audience else "audience": self._audience,
        }
        answer = await self._post(endpoint, form, _authorization(self._client))
        return _read_answer(answer, self._clock())


def _authorization(client: ApiKeyClient) -> dict[str, str]:
    if client.client_secret is None:
        return {}
    # Both halves as a form has them: they may have a colon (RFC 6749 §2.3.1).
    credentials = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


def _read_answer(answer: Answer, now: float) -> Answered | Failed:
    try:
        body = parse_object(answer.body)
    except ValueError:
        body = {}
    if answer.status == 200:
        return _read_token(body)
    error = body.get("error")
    if answer.status == 400 and error == "invalid_request":
        return Refused()
    # A code of an RFC has no digits, and so nothing of a key or a token.
    code = error if isinstance(error, str) and re.fullmatch("[a-z_]{1,64}", error) else None
    problem = f"It answers {answer.status}{'' if code is None else f' {code}'}."
    if answer.status == 400 and error in UNFIT_CODES:
        return Unfit(problem)
    pause = _read_retry_after(answer.retry_after, now)
    if pause is None:
        pause = LONG_PAUSE if answer.status < 500 and answer.status != 429 else PAUSE
    return Failed(problem, pause)


def _read_token(body: JsonObject) -> Answered | Failed:
    """§2.2.1. Without `expires_in`, which is only recommended there, it would be unknown when to come again."""
    token, lifetime = body.get("access_token"), body.get("expires_in")
    if (
        isinstance(token, str)
        and token != ""
        and body.get("issued_token_type") == ACCESS_TOKEN_TYPE
        and str(body.get("token_type")).lower() == "bearer"
        and is_time(lifetime)
        and lifetime >= 0
    ):
        return Granted(token, float(lifetime))
    return Failed("It answers 200 without an access token that can be used.")


def _read_retry_after(header: str | None, now: float) -> float | None:
    """Seconds, at least one (RFC 9110 §10.2.3): they may be given as a date. None when it says nothing."""
    if header is None:
        return None
    try:
        if re.fullmatch("[0-9]+", header):
            seconds = float(header)
        else:
            date = datetime.strptime(header, "%a, %d %b %Y %H:%M:%S GMT")
            seconds = date.replace(tzinfo=UTC).timestamp() - now
    except ValueError:
        return None
    return min(max(seconds, 1), MAX_PAUSE)
