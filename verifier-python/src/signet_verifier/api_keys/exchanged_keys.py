"""API keys, each exchanged once for an access token, which is verified like any other and kept in the key's place."""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ..claims import AccessToken
from ..clock import Clock
from ..mode import Mode
from ..recently_used import RecentlyUsed
from ..token_error import TokenError
from .api_key import hash_of, is_api_key
from .exchange_gate import ExchangeGate, unavailable
from .token_exchange import Answered, Failed, Refused, Unfit

log = logging.getLogger("signet_verifier")

MAX_KEYS = 10_000
"""Each is some hundred bytes to a kilobyte."""
VERDICT_TIME = 10.0
"""Seconds for which a key that was not exchanged is not asked for again."""
RENEW_AT = 0.75
"""
The part of its life after which a token is renewed. Counted from the question, by a clock that is not set: what is left then covers
the way of the answer and clocks that differ.
"""
JITTER = 0.1
"""A little sooner by chance, so that keys which came together are not renewed together."""
SAY_AGAIN = 3600.0
"""Seconds after which a problem that is none of the key's is said again."""

VerifyToken = Callable[[str, Mode], Awaitable[AccessToken]]
Exchange = Callable[[str], Awaitable[Answered | Failed]]


@dataclass(frozen=True, slots=True)
class _Exchanged:
    token: str = field(repr=False)
    renew_at: float


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Why a key is not exchanged again at once."""

    is_refused: bool
    until: float


class ExchangedKeys:
    def __init__(self, verify_token: VerifyToken, exchange: Exchange, monotonic: Clock) -> None:
        self._verify_token, self._exchange, self._monotonic = verify_token, exchange, monotonic
        self._gate = ExchangeGate(monotonic)
        self._known: RecentlyUsed[_Exchanged] = RecentlyUsed(MAX_KEYS)
        self._verdicts: RecentlyUsed[_Verdict] = RecentlyUsed(MAX_KEYS)
        self._under_way: dict[bytes, asyncio.Task[_Exchanged]] = {}
        self._said_at: dict[str, float] = {}

    async def verify(self, key: str, mode: Mode) -> AccessToken:
        """Raises TokenError."""
        if not is_api_key(key):
            raise TokenError("invalid_api_key", "The API key is malformed.")
        name = hash_of(key)
        kept = self._known.get(name)
        if kept is None:
            exchanged = await self._exchanged(name, key, is_known=False)
            return await self._verify_token(exchanged.token, mode)
        # Nobody waits for it, and when it fails the kept token goes on.
        if self._monotonic() >= kept.renew_at and self._verdict_on(name) is None:
            self._begin(name, key, is_known=True)
        access_token = await self._verify_kept(kept, mode)
        if access_token is not None:
            return access_token
        # Whoever came at the same time may have exchanged the key meanwhile.
        newer = self._known.get(name)
        if newer is None or newer is kept:
            newer = await self._exchanged(name, key, is_known=True)
        return await self._verify_token(newer.token, mode)

    async def close(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _verify_kept(self, kept: _Exchanged, mode: Mode) -> AccessToken | None:
        """None when the kept token has expired, was revoked, or its key has gone."""
        try:
            return await self._verify_token(kept.token, mode)
        except TokenError as error:
            if error.code == "unavailable":
                raise
            return None

    async def _exchanged(self, name: bytes, key: str, *, is_known: bool) -> _Exchanged:
        verdict = self._verdict_on(name)
        if verdict is not None:
            raise verdict
        # Shielded, because a caller that goes away must not end it for the others.
        return await asyncio.shield(self._begin(name, key, is_known=is_known))

    def _begin(self, name: bytes, key: str, *, is_known: bool) -> asyncio.Task[_Exchanged]:
        """One at a time for a key: who comes later gets the one under way."""
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.ensure_future(self._exchange_now(name, key, is_known))
            self._under_way[name] = task
            task.add_done_callback(lambda done: self._end(name, done))
        return task

    def _end(self, name: bytes, task: asyncio.Task[_Exchanged]) -> None:
        del self._under_way[name]
        # Otherwise asyncio writes the failure of what nobody waited for into the log.
        if not task.cancelled():
            task.exception()

    async def _exchange_now(self, name: bytes, key: str, is_known: bool) -> _Exchanged:
        asked_at = self._monotonic()
        answer = await self._gate(lambda: self._exchange(key), is_known=is_known)
        if isinstance(answer, Refused):
            raise self._refuse(name)
        if isinstance(answer, Unfit):
            # Not remembered: it may be good here as soon as somebody has set the client up.
            self._say(answer.problem)
            raise _not_valid()
        flaw = await self._flaw_of(answer.token)
        if flaw is not None:
            # A token that is revoked already was good a moment ago, and the key with it.
            if flaw.code == "revoked":
                raise self._refuse(name)
            raise self._put_off(name, f"Its access token is of no use here. {flaw}")
        part = RENEW_AT - JITTER * random.random()
        exchanged = _Exchanged(answer.token, asked_at + answer.lifetime * part)
        self._known.set(name, exchanged)
        return exchanged

    async def _flaw_of(self, token: str) -> TokenError | None:
        """Why a new token is to be refused. Whether it can be verified at the moment is another question."""
        try:
            await self._verify_token(token, "lenient")
        except TokenError as error:
            if error.code != "unavailable":
                return error
        return None

    def _verdict_on(self, name: bytes) -> TokenError | None:
        verdict = self._verdicts.get(name)
        seconds = -math.inf if verdict is None else verdict.until - self._monotonic()
        if verdict is None or seconds <= 0:
            return None
        return _not_valid() if verdict.is_refused else unavailable(seconds)

    def _refuse(self, name: bytes) -> TokenError:
        self._known.delete(name)
        self._verdicts.set(name, _Verdict(True, self._monotonic() + VERDICT_TIME))
        return _not_valid()

    def _put_off(self, name: bytes, problem: str) -> TokenError:
        """What is kept in its place stays: it may be good."""
        self._verdicts.set(name, _Verdict(False, self._monotonic() + VERDICT_TIME))
        self._say(problem)
        return unavailable(VERDICT_TIME)

    def _say(self, problem: str) -> None:
        """Anybody with a key for another service can bring it about, again and again."""
        now = self._monotonic()
        if now - self._said_at.get(problem, -math.inf) >= SAY_AGAIN:
            self._said_at[problem] = now
            log.warning("an API key was not exchanged: %s", problem)


def _not_valid() -> TokenError:
    return TokenError("invalid_api_key", "The API key is not valid.")
