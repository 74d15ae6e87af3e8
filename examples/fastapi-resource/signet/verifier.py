"""The verification of access tokens: offline, with what is known of the token service."""

import math
import time
from typing import Literal

from .claims import AccessToken, check_times, read_claims
from .issuer import Issuer
from .jws import parse_jws, verify_signature
from .metadata import check_issuer
from .polled import Clock
from .token_error import TokenError

TYPE = "at+jwt"
MAX_LENGTH = 16_384

Mode = Literal["lenient", "strict"]
"""While the token service can't be reached: go on with what is known, or refuse after a while."""


class Verifier:
    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        poll_interval: float = 5,
        max_staleness: float = 60,
        clock: Clock = time.time,
        monotonic: Clock = time.monotonic,
    ) -> None:
        """
        Intervals are in seconds. `clock` answers the seconds since the epoch. What takes its time is measured by
        `monotonic`, which nobody sets.
        """
        check_issuer(issuer)
        self.audience = audience
        self.poll_interval = poll_interval
        self._issuer_url, self._max_staleness = issuer, max_staleness
        self._clock, self._monotonic = clock, monotonic
        self._issuer = Issuer(issuer, poll_interval=poll_interval, clock=clock, monotonic=monotonic)

    async def start(self) -> None:
        await self._issuer.start()

    async def close(self) -> None:
        await self._issuer.close()

    async def verify(self, token: str, mode: Mode = "lenient") -> AccessToken:
        """Raises TokenError."""
        jws = parse_jws(token, type_=TYPE, max_length=MAX_LENGTH)
        verify_signature(jws, await self._issuer.find_key(jws.kid))
        access_token = read_claims(jws.payload, issuer=self._issuer_url, audience=self.audience)
        check_times(access_token.claims, self._clock())
        await self._check_revocation(access_token, mode)
        return access_token

    def health(self) -> dict[str, object]:
        """Whether tokens can be verified, and how many seconds ago the token service confirmed what is known."""
        lists = self._issuer.status_lists.values()
        return {
            "ready": bool(self._issuer.keys),
            "keys": {
                "count": len(self._issuer.keys),
                "age": self._age(self._issuer.keys_confirmed_at),
            },
            "status_lists": {
                "count": len(lists),
                "age": self._age(min((each.confirmed_at for each in lists), default=-math.inf)),
            },
        }

    async def _check_revocation(self, token: AccessToken, mode: Mode) -> None:
        # A key may have been revoked as well.
        confirmed_at = self._issuer.keys_confirmed_at
        if token.status is not None:
            polled = await self._issuer.find_status_list(token.status.uri)
            confirmed_at = min(confirmed_at, polled.confirmed_at)
            if polled.value is not None:
                _check_status(polled.value.status_at(token.status.index))
        if mode == "strict" and self._monotonic() > confirmed_at + self._max_staleness:
            raise TokenError(
                "unavailable",
                "It can not be known at the moment whether the access token was revoked.",
            )

    def _age(self, confirmed_at: float) -> float | None:
        """None for what was never confirmed."""
        return None if confirmed_at == -math.inf else round(self._monotonic() - confirmed_at, 3)


def _check_status(status: int | None) -> None:
    if status is None:
        raise TokenError("invalid_claim", "The status list has no such index as the token names.")
    if status != 0:
        raise TokenError("revoked", "The access token was revoked.")
