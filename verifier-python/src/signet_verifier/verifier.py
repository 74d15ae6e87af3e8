"""The verification of access tokens: offline, with what is known of the token service."""

import math
import time

from .api_keys.exchanged_keys import ExchangedKeys
from .api_keys.token_exchange import ApiKeyClient, TokenExchange
from .claims import AccessToken, check_times, read_claims
from .clock import Clock
from .issuer.issuer import Issuer
from .issuer.locations import Locations
from .issuer.metadata import check_issuer
from .jose.jws import parse_jws, verify_signature
from .mode import Mode
from .token_error import TokenError

TYPE = "at+jwt"
MAX_LENGTH = 16_384
"""Characters of a token."""
MAX_POLL_INTERVAL = 3600


class Verifier:
    """
    Verifies the access tokens of one issuer for one audience.

    `start` it before the first request and `close` it at the end, in one event loop. It polls in the background, so each process
    has its own.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        discovery: str | None = None,
        insecure_discovery: bool = False,
        poll_interval: float = 5,
        max_staleness: float = 60,
        api_keys: ApiKeyClient | None = None,
        clock: Clock = time.time,
        monotonic: Clock = time.monotonic,
    ) -> None:
        """
        :param issuer: the URL of the token service, exactly as it is in `iss`
        :param audience: the name of this service in `aud`, compared byte for byte
        :param discovery: the URL at which the issuer is reached from here, when its own leads nowhere. Everything is fetched there;
            names stay the issuer's
        :param insecure_discovery: lets `discovery` be plain http beyond loopback, where whoever answers is the issuer
        :param poll_interval: seconds from one look for news to the next, at the most; up to 3,600
        :param max_staleness: seconds after which `strict` refuses; not less than `poll_interval`
        :param api_keys: the client as which API keys are exchanged. None takes none
        :param clock: seconds since the epoch
        :param monotonic: seconds on a clock that nobody sets, for all that takes its time
        :raises ValueError: for an issuer, a discovery URL, an audience or intervals that make no sense
        """
        check_issuer(issuer)
        if audience == "":
            raise ValueError("The audience must not be empty.")
        if not 0 < poll_interval <= MAX_POLL_INTERVAL:
            raise ValueError(
                f"poll_interval must be above 0 and at most {MAX_POLL_INTERVAL} seconds."
            )
        if not poll_interval <= max_staleness < math.inf:
            raise ValueError(
                "max_staleness must be a number of seconds, not less than poll_interval."
            )
        self.issuer, self.audience = issuer, audience
        self.poll_interval = poll_interval
        self._max_staleness = max_staleness
        self._clock, self._monotonic = clock, monotonic
        locations = Locations(issuer, discovery, insecure=insecure_discovery)
        self._known = Issuer(
            issuer, locations, poll_interval=poll_interval, clock=clock, monotonic=monotonic
        )
        self._exchanged_keys: ExchangedKeys | None = None
        if api_keys is not None:
            known = self._known
            exchange = TokenExchange(
                api_keys, audience, known.find_token_endpoint, known.post, clock
            )
            self._exchanged_keys = ExchangedKeys(self.verify, exchange, monotonic)

    async def start(self) -> None:
        """Loads keys and status lists and begins to poll. An outage is no error: the polls go on, and the log says why."""
        await self._known.start()

    async def close(self) -> None:
        """Ends the polling and the exchanges under way."""
        if self._exchanged_keys is not None:
            await self._exchanged_keys.close()
        await self._known.close()

    async def verify(self, token: str, mode: Mode = "lenient") -> AccessToken:
        """
        Answers what the token says, once it is known to be good.

        :param token: as it was sent, without the scheme
        :raises TokenError: that says why it is refused
        """
        jws = parse_jws(token, type_=TYPE, max_length=MAX_LENGTH)
        verify_signature(jws, await self._known.find_key(jws.kid))
        access_token = read_claims(jws.payload, issuer=self.issuer, audience=self.audience)
        check_times(access_token.claims, self._clock())
        await self._check_revocation(access_token, mode)
        return access_token

    @property
    def takes_api_keys(self) -> bool:
        """Whether `api_keys` was given."""
        return self._exchanged_keys is not None

    async def verify_api_key(self, key: str, mode: Mode = "lenient") -> AccessToken:
        """
        Answers the access token that the key is exchanged for (RFC 8693).

        :raises TokenError: that says why it is refused
        :raises RuntimeError: for a verifier without `api_keys`
        """
        if self._exchanged_keys is None:
            raise RuntimeError("This verifier takes no API keys.")
        return await self._exchanged_keys.verify(key, mode)

    def health(self) -> dict[str, object]:
        """
        For a readiness check; makes no call.

        `ready` says whether tokens can be verified. `keys` and `status_lists` have `count`, and `age`: the seconds since the token
        service confirmed them, None for never; of several lists, of the one confirmed the longest ago.
        """
        lists = self._known.status_lists.values()
        return {
            "ready": bool(self._known.keys),
            "keys": {
                "count": len(self._known.keys),
                "age": self._age(self._known.keys_confirmed_at),
            },
            "status_lists": {
                "count": len(lists),
                "age": self._age(min((each.confirmed_at for each in lists), default=-math.inf)),
            },
        }

    async def _check_revocation(self, token: AccessToken, mode: Mode) -> None:
        # A key may have been revoked as well.
        confirmed_at = self._known.keys_confirmed_at
        if token.status is not None:
            polled = await self._known.find_status_list(token.status.uri)
            confirmed_at = min(confirmed_at, polled.confirmed_at)
            if polled.value is not None:
                _check_status(polled.value.status_at(token.status.index))
        # A mode that is misspelt counts as strict.
        if mode != "lenient" and self._monotonic() > confirmed_at + self._max_staleness:
            raise TokenError(
                "unavailable",
                "It cannot be known at the moment whether the access token was revoked.",
            )

    def _age(self, confirmed_at: float) -> float | None:
        """None for what was never confirmed."""
        return None if confirmed_at == -math.inf else round(self._monotonic() - confirmed_at, 3)


def _check_status(status: int | None) -> None:
    if status is None:
        raise TokenError("invalid_claim", "The status list has no such index as the token names.")
    if status != 0:
        raise TokenError("revoked", "The access token was revoked.")
