"""The API keys in the API's documentation (OpenAPI): only where they are taken."""

from typing import Any

from fastapi import FastAPI

from .dependencies import SCHEME

API_KEY = "API key"


def document_api_keys(app: FastAPI) -> None:
    """
    Shows an API key in X-API-Key beside the access token, wherever the API's documentation asks for one.

    :param app: an application whose verifier takes API keys
    """
    describe = app.openapi

    def described() -> dict[str, Any]:
        document = describe()
        schemes = document.get("components", {}).get("securitySchemes", {})
        if SCHEME in schemes and API_KEY not in schemes:
            schemes[API_KEY] = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
            for operation in _operations(document):
                if {SCHEME: []} in operation.get("security", []):
                    operation["security"].append({API_KEY: []})
        return document

    # FastAPI documents this as the way to extend it.
    app.openapi = described  # type: ignore[method-assign]


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]
