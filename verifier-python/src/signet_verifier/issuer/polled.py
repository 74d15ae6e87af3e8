"""A document of the token service, of which the last good copy is held."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from ..clock import Clock
from .fetching import Fetched

log = logging.getLogger("signet_verifier")

Fetch = Callable[[str, str | None], Awaitable[Fetched]]
T = TypeVar("T")

AGE_STEP = 1.0
"""Seconds: `Age` has no smaller unit, so only what was true a second later is known to be newer."""
MAX_REASONS = 5
"""What the log says at most about a document that was never had."""
QUIET = 60.0
"""Seconds without `Age` after which it is over: one instance may look for news while another can't."""


class SingleFlight:
    """Work that runs once at a time: whoever asks for it meanwhile waits for the run that is under way."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._flight: asyncio.Future[None] | None = None

    @property
    def is_under_way(self) -> bool:
        return self._flight is not None and not self._flight.done()

    async def __call__(self) -> None:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.ensure_future(self._work())
        # Shielded, because a caller that goes away must not end it for the others.
        await asyncio.shield(self._flight)


class Polled(Generic[T]):
    def __init__(
        self,
        url: str,
        read: Callable[[bytes], T],
        confirm: Callable[[T], None],
        fetch: Fetch,
        monotonic: Clock,
        *,
        heeds_age: bool,
    ) -> None:
        """
        `read` gets the document, `confirm` what is held when there is nothing newer. What they raise makes it an
        outage, not news. With `heeds_age` the header `Age` tells when what the token service says was true, because it says
        it without a look when it can't look. Otherwise it is how long a cache has had the document, and does not count.
        """
        self.value: T | None = None
        self.confirmed_at = -math.inf
        """When the token service last said that this is its newest state, by the monotonic clock."""
        self.refresh = SingleFlight(self._refresh)
        self._url, self._read, self._confirm = url, read, confirm
        self._fetch, self._monotonic = fetch, monotonic
        self._held: Fetched | None = None
        self._true_at = -math.inf
        """When what is held was true: when it was received or confirmed, less `Age`."""
        self._heeds_age = heeds_age
        self._aged_at: float | None = None
        self._was_tried = False
        self._said: set[str] = set()
        """Why it can't be had, as far as it was said. Empty while it can."""

    async def first(self) -> T | None:
        """What is held; before the first fetch has ended, waits for it."""
        if not self._was_tried:
            await self.refresh()
        return self.value

    async def _refresh(self) -> None:
        asked_at = self._monotonic()
        try:
            # After a failure the whole document is asked for: it may be the 304 that is wrong.
            known = None if self._said or self._held is None else self._held.etag
            fetched = await self._fetch(self._url, known)
            age = fetched.age if self._heeds_age else None
            self._hear(fetched, asked_at, age)
            self._note(age)
        except Exception as problem:
            # Whatever it is, it must not end the polls. It is said once, not at each of them.
            self._say(problem)
        else:
            if self._said:
                log.warning("%s can be had again", self._url)
            self._said.clear()
        self._was_tried = True

    def _say(self, problem: Exception) -> None:
        """Once for each outage. What was never had may be set up wrongly: then once for each reason."""
        reason = repr(problem)
        is_new = self.value is None and reason not in self._said and len(self._said) < MAX_REASONS
        if is_new or not self._said:
            held = "nothing is held" if self.value is None else "the copy held stays in use"
            log.warning("%s can't be had, %s: %s", self._url, held, reason)
            self._said.add(reason)

    def _hear(self, fetched: Fetched, asked_at: float, age: float | None) -> None:
        # It was true after the question and before it was received (RFC 9111 §4.2.3): both, less `Age`.
        true_since = asked_at - (age or 0)
        if fetched.body is None or (self._held is not None and fetched.body == self._held.body):
            if self.value is not None:
                self._confirm(self.value)
        else:
            value = self._read(fetched.body)
            # Who could not look may not know what another instance has said since. Who could has the newest there is.
            if age is not None and true_since < self._true_at + AGE_STEP:
                return
            self.value, self._held = value, fetched
            log.info("%s has news", self._url)
        self._true_at = max(self._true_at, self._monotonic() - (age or 0))
        self.confirmed_at = max(self.confirmed_at, true_since)

    def _note(self, age: float | None) -> None:
        """Says once when the token service can't look for news, and once when that is over."""
        now = self._monotonic()
        if age:
            if self._aged_at is None:
                log.warning(
                    "%s comes with an Age of %d s: who answers can't look for news", self._url, age
                )
            self._aged_at = now
        elif self._aged_at is not None and now - self._aged_at >= QUIET:
            log.warning("%s is fresh again", self._url)
            self._aged_at = None
