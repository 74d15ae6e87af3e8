"""
What tests start: the package signet-verifier, whose clocks are ahead by the seconds in the file CLOCK_OFFSETS, wall clock first, and stand
still otherwise with CLOCKS_STAND; and services that are set up in other ways.
"""

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, cast

import app
from fastapi import Depends, FastAPI
from settings import Settings
from signet_verifier import AccessToken, Mode, Verifier
from signet_verifier.api_keys import exchanged_keys
from signet_verifier.fastapi import (
    get_current_user,
    install_error_handlers,
    require_permission,
    require_role,
    require_token,
)

PACKAGE = Path(__file__).parent.parent.parent / "verifier-python"


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


def readme() -> FastAPI:
    """The program under "Use" in the README of the package, with another issuer."""
    page = (PACKAGE / "README.md").read_text()
    code = page.split("## Use\n\n```python\n")[1].split("```")[0]
    program: dict[str, Any] = {}
    exec(code.replace("https://login.example.com", os.environ["SIGNET_ISSUER"]), program)
    service: FastAPI = program["app"]
    return service


def guarded() -> FastAPI:
    """The routes at which every middleware has to answer the same, for any audience."""
    settings = Settings.from_environment()
    verifier = Verifier(
        issuer=settings.issuer, audience=settings.audience, api_keys=settings.api_keys
    )

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
        "/misspelt": require_token(mode=cast(Mode, "strickt")),
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
