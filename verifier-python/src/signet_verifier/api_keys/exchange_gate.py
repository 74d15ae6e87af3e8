"""Whether the token service may be asked now: not while it is to be left alone, and not for many strangers' keys at once."""

import logging
import math
from collections.abc import Awaitable, Callable

from ..clock import Clock
from ..token_error import TokenError
from .token_exchange import Answered, Failed

log = logging.getLogger("signet_verifier")

MAX_STRANGERS = 16
"""Keys that were never exchanged. Any caller can send one, and each costs a call."""
CROWDED = 1.0
"""Seconds for who is one too many."""
HEAD_START = 1.0
"""Seconds. After a pause keys known good come first: strangers, whose calls may have brought it about, wait for so much longer."""


def unavailable(seconds: float) -> TokenError:
    """It may be otherwise after so many seconds."""
    return TokenError("unavailable", "The API key cannot be verified at the moment.", seconds)


class ExchangeGate:
    def __init__(self, monotonic: Clock) -> None:
        self._monotonic = monotonic
        self._paused_until = -math.inf
        self._known_waits = False
        """Whether a key known good came in the pause."""
        self._strangers = 0
        self._problem: str | None = None

    async def __call__(
        self, exchange: Callable[[], Awaitable[Answered | Failed]], *, is_known: bool
    ) -> Answered:
        """
        `is_known` says whether the key was good when it was last exchanged.
        Raises TokenError unavailable, with the time after which to come again.
        """
        self._check(is_known)
        if is_known:
            return self._hear(await exchange())
        self._strangers += 1
        try:
            return self._hear(await exchange())
        finally:
            self._strangers -= 1

    def _check(self, is_known: bool) -> None:
        pause = self._paused_until - self._monotonic()
        if is_known and pause > 0:
            self._known_waits = True
        wait = pause + (HEAD_START if not is_known and self._known_waits else 0)
        if wait > 0:
            raise unavailable(wait)
        if not is_known and self._strangers >= MAX_STRANGERS:
            raise unavailable(CROWDED)

    def _hear(self, answer: Answered | Failed) -> Answered:
        """What a failure says holds for every key: it is the service, or the client, that is in trouble."""
        last, self._problem = self._problem, None
        if not isinstance(answer, Failed):
            if last is not None:
                log.warning("API keys can be exchanged again")
            return answer
        self._problem = answer.problem
        self._known_waits = False
        now = self._monotonic()
        self._paused_until = max(self._paused_until, now + answer.pause)
        if self._problem != last:
            log.warning("API keys can't be exchanged: %s", self._problem)
        raise unavailable(self._paused_until - now)
