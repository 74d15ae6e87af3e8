"""A document of the token service, of which the last good copy is held."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from .fetching import Fetched

log = logging.getLogger("signet")

Clock = Callable[[], float]
"""Seconds: of the wall clock since the epoch, of a monotonic clock since any moment."""
Fetch = Callable[[str, str | None], Awaitable[Fetched | None]]
T = TypeVar("T")


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
        read: Callable[[bytes, T | None], T],
        confirm: Callable[[T], None],
        fetch: Fetch,
        monotonic: Clock,
    ) -> None:
        """
        `read` gets the document and what is held, `confirm` what is held when there is nothing newer.
        What they raise makes it an outage, not news.
        """
        self.value: T | None = None
        self.confirmed_at = -math.inf
        """When the token service last said that this is its newest state, by the monotonic clock."""
        self.refresh = SingleFlight(self._refresh)
        self._url, self._read, self._confirm = url, read, confirm
        self._fetch, self._monotonic = fetch, monotonic
        self._held: Fetched | None = None
        self._was_tried = False
        self._is_failing = False

    async def first(self) -> T | None:
        """What is held; before the first fetch has ended, waits for it."""
        if not self._was_tried:
            await self.refresh()
        return self.value

    async def _refresh(self) -> None:
        # What the answer says was true at some time after this.
        asked_at = self._monotonic()
        try:
            # After a failure the whole document is asked for: it may be the 304 that is wrong.
            known = None if self._is_failing or self._held is None else self._held.etag
            fetched = await self._fetch(self._url, known)
            if fetched is not None and (self._held is None or fetched.body != self._held.body):
                self.value = self._read(fetched.body, self.value)
                self._held = fetched
                log.info("%s has news", self._url)
            elif self.value is not None:
                self._confirm(self.value)
        except Exception as problem:
            # Whatever it is, it must not end the polls. It is said once, not at each of them.
            if not self._is_failing:
                held = "nothing is held" if self.value is None else "the copy held stays in use"
                log.warning("%s can't be had, %s: %r", self._url, held, problem)
            self._is_failing = True
        else:
            self.confirmed_at = asked_at
            if self._is_failing:
                log.warning("%s can be had again", self._url)
            self._is_failing = False
        self._was_tried = True
