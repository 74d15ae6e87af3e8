"""
The FastAPI example as tests start it: its clocks are ahead by the seconds in the file CLOCK_OFFSETS, wall clock first. With
CLOCKS_STAND they stand still otherwise.
"""

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import app
from fastapi import Depends, FastAPI
from settings import Settings
from signet_verifier import AccessToken, Verifier
from signet_verifier.api_keys import exchanged_keys
from signet_verifier.fastapi import (
    get_current_user,
    install_error_handlers,
    require_permission,
    require_role,
)


def _offsets() -> list[float]:
    return [float(each) for each in Path(os.environ["CLOCK_OFFSETS"]).read_text().split()]


def _moved(clock: Callable[[], float], at: int) -> Callable[[], float]:
    started_at = clock()
    stands = "CLOCKS_STAND" in os.environ
    return lambda: (started_at if stands else clock()) + _offsets()[at]


def example() -> FastAPI:
    return app.create_app(clock=_moved(time.time, 0), monotonic=_moved(time.monotonic, 1))


def forgetful() -> FastAPI:
    """The example, with room for two API keys."""
    exchanged_keys.MAX_KEYS = 2
    return example()


def guarded() -> FastAPI:
    """The routes at which every middleware has to answer the same."""
    settings = Settings.from_environment()
    verifier = Verifier(issuer=settings.issuer, audience=settings.audience)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await verifier.start()
        yield
        await verifier.close()

    service = FastAPI(lifespan=lifespan)
    service.state.verifier = verifier
    install_error_handlers(service)
    for path, dependency in {
        "/me": get_current_user,
        "/posts": require_permission("posts:write"),
        "/admin": require_role("admin"),
        "/odd": require_role('"R\\D" é😀'),
    }.items():
        _add_route(service, path, dependency)

    @service.get("/bug")
    async def bug() -> None:
        raise RuntimeError("a secret")

    return service


def _add_route(service: FastAPI, path: str, dependency: Any) -> None:
    async def handler(user: Annotated[AccessToken, Depends(dependency)]) -> dict[str, Any]:
        return dict(user.claims)

    service.add_api_route(path, handler, methods=["GET", "POST"])
