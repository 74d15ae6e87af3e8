"""What is known of the token service: its keys and its status lists, kept fresh in the background."""

import asyncio
import logging
import math
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TypeVar

from jwt import PyJWK

from ..clock import Clock
from ..jose.keys import Keys, read_keys
from ..jose.strict_json import parse_object
from ..safe_url import lies_under
from ..token_error import TokenError
from .fetching import Answer, Outage, fetch, new_client, post
from .locations import Locations
from .metadata import Metadata, read_metadata
from .polled import Polled, SingleFlight
from .status_list import StatusList, read_status_list

log = logging.getLogger("signet_verifier")

COOLDOWN = 10
"""Seconds between two fetches for the sake of a kid that is unknown."""
RETRY_INTERVAL = 1
"""Seconds between two polls while no key was ever loaded."""

T = TypeVar("T")


class Issuer:
    def __init__(
        self,
        url: str,
        locations: Locations,
        *,
        poll_interval: float,
        clock: Clock,
        monotonic: Clock,
    ) -> None:
        self._url, self._locations, self._poll_interval = url, locations, poll_interval
        self._clock, self._monotonic = clock, monotonic
        self._client = new_client()
        self._metadata: Polled[Metadata] = self._polled(
            locations.metadata, lambda document: read_metadata(document, url)
        )
        self._keys: Polled[Keys] | None = None
        self._list_uris: Polled[list[str]] | None = None
        self._lists: dict[str, Polled[StatusList]] = {}
        self._load_keys = SingleFlight(self._load_metadata_and_keys)
        self._searched_at = -math.inf
        self._polling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Polls once, whatever comes of it, and goes on in the background."""
        if self._locations.insecure_discovery is not None:
            log.warning(
                "The issuer is asked at %s by plain http: whoever answers there is the issuer",
                self._locations.insecure_discovery,
            )
        await self._poll()
        self._polling = asyncio.create_task(self._poll_again_and_again())

    async def close(self) -> None:
        if self._polling is not None:
            self._polling.cancel()
            with suppress(asyncio.CancelledError):
                await self._polling
        await self._client.aclose()

    @property
    def keys(self) -> Keys:
        return (self._keys and self._keys.value) or {}

    @property
    def keys_confirmed_at(self) -> float:
        return self._keys.confirmed_at if self._keys else -math.inf

    @property
    def status_lists(self) -> Mapping[str, Polled[StatusList]]:
        return self._lists

    async def find_key(self, kid: str) -> PyJWK:
        """A kid that is unknown may be new, so the keys are fetched; rarely, because anybody can invent one."""
        if kid not in self.keys:
            await self._search()
        if not self.keys:
            raise TokenError("unavailable", "The keys of the issuer are unavailable.")
        if kid not in self.keys:
            raise TokenError(
                "unknown_key", "The issuer has no usable key of the name that the token gives."
            )
        return self.keys[kid]

    async def find_status_list(self, uri: str) -> Polled[StatusList]:
        """A list that was not seen before is fetched once; the polls do the rest."""
        status_list = self._lists.get(uri) or self._add_list(uri)
        await status_list.first()
        return status_list

    async def find_token_endpoint(self, look_again: bool) -> str:
        """Raises Outage."""
        if look_again or self._metadata.value is None:
            await self._metadata.refresh()
        if self._metadata.value is None:
            raise Outage("The metadata can't be had.")
        endpoint = self._locations.find(self._metadata.value.token_endpoint)
        if endpoint is None:
            raise Outage(f"The metadata names no token_endpoint that is {self._locations.kind}.")
        return endpoint

    async def post(self, url: str, form: dict[str, str], headers: dict[str, str]) -> Answer:
        """Raises Outage."""
        return await post(self._client, url, form, headers)

    async def _search(self) -> None:
        if not self._load_keys.is_under_way:
            if self._monotonic() < self._searched_at + COOLDOWN:
                return
            self._searched_at = self._monotonic()
        await self._load_keys()

    async def _load_metadata_and_keys(self) -> None:
        if self._metadata.value is None:
            await self._metadata.refresh()
        metadata = self._metadata.value
        if metadata is None:
            return
        if self._keys is None:
            self._keys = self._polled(self._locations.of(metadata.jwks_uri), read_keys)
        if self._list_uris is None and metadata.status_lists_uri is not None:
            list_uris = self._locations.of(metadata.status_lists_uri)
            self._list_uris = self._polled(list_uris, self._read_list_uris)
        await self._keys.refresh()

    async def _poll_again_and_again(self) -> None:
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        while True:
            interval = (
                self._poll_interval if self.keys else min(self._poll_interval, RETRY_INTERVAL)
            )
            # So that services that started together don't ask together. It only shortens: the interval is a promise.
            next_at = began_at + interval * random.uniform(0.8, 1)
            await asyncio.sleep(next_at - loop.time())
            began_at = loop.time()
            await self._poll()

    async def _poll(self) -> None:
        # The keys first: what comes after is signed with them.
        await self._load_keys()
        if self._list_uris is not None:
            await self._list_uris.refresh()
        self._update_lists((self._list_uris and self._list_uris.value) or [])
        await asyncio.gather(*(each.refresh() for each in self._lists.values()))

    def _update_lists(self, named: list[str]) -> None:
        """A list that is named no more is forgotten when it has expired: no token that it speaks of can be alive."""
        for uri, polled in list(self._lists.items()):
            is_over = polled.value is None or polled.value.expires_at < self._clock()
            if is_over and uri not in named:
                del self._lists[uri]
        for uri in named:
            if uri not in self._lists:
                self._add_list(uri)

    def _add_list(self, uri: str) -> Polled[StatusList]:
        def read(document: bytes) -> StatusList:
            return read_status_list(document, uri, keys=self.keys, now=self._clock())

        def confirm(held: StatusList) -> None:
            held.check_current(self._clock())

        self._lists[uri] = self._polled(self._locations.of(uri), read, confirm, heeds_age=True)
        return self._lists[uri]

    def _read_list_uris(self, document: bytes) -> list[str]:
        uris = parse_object(document).get("status_lists")
        if not isinstance(uris, list):
            raise ValueError("it names no status lists")
        return [uri for uri in uris if isinstance(uri, str) and lies_under(self._url, uri)]

    def _polled(
        self,
        url: str,
        read: Callable[[bytes], T],
        confirm: Callable[[T], None] = lambda _held: None,
        *,
        heeds_age: bool = False,
    ) -> Polled[T]:
        return Polled(
            url,
            read,
            confirm,
            partial(fetch, self._client),
            self._monotonic,
            heeds_age=heeds_age,
        )
