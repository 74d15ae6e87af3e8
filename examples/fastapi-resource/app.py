"""A resource API. Start it with `uvicorn --factory app:create_app`."""

import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field

from settings import Settings
from signet_verifier import AccessToken, Verifier
from signet_verifier.fastapi import (
    ApiError,
    document_api_keys,
    get_current_user,
    install_error_handlers,
    publish_resource_metadata,
    require_permission,
    require_role,
)

CurrentUser = Annotated[AccessToken, Depends(get_current_user)]
Writer = Annotated[AccessToken, Depends(require_permission("posts:write"))]
# What admins see is worth an outage: strict refuses when a revocation may have been missed.
Admin = Annotated[AccessToken, Depends(require_role("admin", mode="strict"))]


class NewPost(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=200)]


class Post(NewPost):
    author: str


def create_app(
    settings: Settings | None = None,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> FastAPI:
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("signet_verifier").setLevel(logging.INFO)
    settings = settings or Settings.from_environment()
    verifier = Verifier(
        issuer=settings.issuer,
        audience=settings.audience,
        discovery=settings.discovery,
        insecure_discovery=settings.insecure_discovery,
        poll_interval=settings.poll_interval,
        max_staleness=settings.max_staleness,
        api_keys=settings.api_keys,
        clock=clock,
        monotonic=monotonic,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await verifier.start()
        yield
        await verifier.close()

    # A redirect would name the host that the caller says.
    app = FastAPI(title="A resource API", lifespan=lifespan, redirect_slashes=False)
    app.state.verifier = verifier
    install_error_handlers(app)
    publish_resource_metadata(app, verifier, scopes=["posts:write"])
    if verifier.takes_api_keys:
        document_api_keys(app)
    _add_routes(app, verifier)
    return app


def _add_routes(app: FastAPI, verifier: Verifier) -> None:
    posts: deque[Post] = deque(maxlen=1000)

    @app.get("/me")
    async def me(user: CurrentUser) -> dict[str, object]:
        return dict(user.claims)

    @app.get("/posts")
    async def list_posts() -> list[Post]:
        return list(posts)

    @app.post("/posts", status_code=201)
    async def write_post(user: Writer, new: NewPost) -> Post:
        post = Post(title=new.title, author=user.subject)
        posts.append(post)
        return post

    @app.get("/admin/stats")
    async def stats(_: Admin) -> dict[str, int]:
        return {"posts": len(posts)}

    @app.get("/readyz")
    async def ready() -> dict[str, object]:
        health = verifier.health()
        if not health["ready"]:
            raise ApiError(503, "temporarily_unavailable", "No key was loaded yet.")
        return health
