"""How the token service is asked: with limits on everything, because they are not trusted yet."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

TIME_LIMIT = 2.0
"""Seconds for a whole answer."""
SIZE_LIMIT = 1_000_000
"""Bytes."""


class Outage(Exception):
    """The token service can't be reached, or answers something else than the document."""


@dataclass(frozen=True, slots=True)
class Fetched:
    body: bytes | None
    """None when the document is still the one whose `etag` was given."""
    etag: str | None
    age: float | None
    """Seconds since it was known to be true (RFC 9111 §5.1); None when the answer does not say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the token service says to a form."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str | None
    """As it was sent."""


def new_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(follow_redirects=False, timeout=TIME_LIMIT)


async def fetch(client: httpx.AsyncClient, url: str, etag: str | None) -> Fetched:
    headers = {"Cache-Control": "no-cache"}
    if etag is not None:
        headers["If-None-Match"] = etag
    async with _answer(client, "GET", url, headers) as response:
        if etag is not None and response.status_code == httpx.codes.NOT_MODIFIED:
            return Fetched(None, etag, _age(response))
        if response.status_code != httpx.codes.OK:
            raise Outage(f"it answers {response.status_code}")
        return Fetched(await _read(response), response.headers.get("etag"), _age(response))


async def post(
    client: httpx.AsyncClient, url: str, form: Mapping[str, str], headers: Mapping[str, str]
) -> Answer:
    """Posts a form. Raises Outage."""
    headers = {"Accept": "application/json", **headers}
    async with _answer(client, "POST", url, headers, form) as response:
        body = await _read(response)
        return Answer(response.status_code, body, response.headers.get("retry-after"))


@asynccontextmanager
async def _answer(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
) -> AsyncIterator[httpx.Response]:
    """Raises Outage."""
    try:
        # Not compressed: what is counted on the wire is then what is held in memory.
        headers = {"Accept-Encoding": "identity", **headers}
        # httpx limits each read, and an answer may come in many.
        async with (
            asyncio.timeout(TIME_LIMIT),
            client.stream(method, url, headers=headers, data=form) as response,
        ):
            yield response
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise Outage(type(error).__name__) from error


def _age(response: httpx.Response) -> float | None:
    """Of several the first counts, and what is no number does not."""
    seconds = re.match("[0-9]+", response.headers.get("age", ""))
    return None if seconds is None else float(seconds[0])


async def _read(response: httpx.Response) -> bytes:
    if "content-encoding" in response.headers:
        raise Outage("it answers in an encoding that nobody asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > SIZE_LIMIT:
            raise Outage(f"it answers more than {SIZE_LIMIT} bytes")
    return bytes(body)
