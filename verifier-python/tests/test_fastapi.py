"""The dependencies in applications that are set up in another way than the example."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from signet_verifier import AccessToken, Verifier
from signet_verifier.fastapi import (
    get_current_user,
    install_error_handlers,
    require_permission,
    require_role,
    require_token,
)

writes_posts = require_permission("posts:write")
alice = AccessToken(
    subject="user_1",
    client_id="app",
    roles=frozenset(),
    permissions=frozenset({"posts:write"}),
    status=None,
    claims={"sub": "user_1"},
)


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    app.state.verifier = Verifier(
        issuer="https://login.example.com", audience="https://api.example.com"
    )

    @app.get("/me")
    async def me(user: Annotated[AccessToken, Depends(get_current_user)]) -> str:
        return user.subject

    @app.post("/posts")
    async def write(user: Annotated[AccessToken, Depends(writes_posts)]) -> str:
        return user.subject

    return app


def ask(app: FastAPI, method: str, path: str) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path)

    return asyncio.run(call())


def test_without_the_error_handlers_status_and_challenge_are_the_same(app: FastAPI) -> None:
    plain = ask(app, "GET", "/me")
    install_error_handlers(app)
    app.middleware_stack = None
    shaped = ask(app, "GET", "/me")
    challenge = 'Bearer realm="https://api.example.com"'
    for answer in (plain, shaped):
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)
    assert plain.json() == {"detail": shaped.json()["error_description"]}
    assert shaped.json()["error"] == "missing_token"


def test_a_dependency_is_overridden_by_the_name_it_was_given(app: FastAPI) -> None:
    assert ask(app, "POST", "/posts").status_code == 401
    app.dependency_overrides[writes_posts] = lambda: alice
    assert ask(app, "POST", "/posts").json() == "user_1"


@pytest.mark.parametrize("maker", [require_token, require_role, require_permission])
def test_a_dependency_that_was_not_made_lets_nobody_pass(
    app: FastAPI, maker: Callable[..., object]
) -> None:
    app.get("/open", dependencies=[Depends(maker)])(lambda: "open")
    for query in ("", "?mode=lenient&role=admin&permission=posts:write"):
        with pytest.raises(TypeError, match="Call what makes the dependency"):
            ask(app, "GET", f"/open{query}")
