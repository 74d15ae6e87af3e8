"""The one shape of all errors: {"error", "error_description", "status", "path"}, never cached."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

CODES = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "invalid_request",
    415: "invalid_request",
    422: "invalid_request",
}
DESCRIPTIONS = {
    404: "There is nothing here.",
    405: "This path does not take this method.",
}


class ApiError(HTTPException):
    """
    An error that is answered as it is.

    It is an HTTPException, so an application without `install_error_handlers` answers the same
    status and headers, with a body of its own.
    """

    def __init__(
        self, status: int, code: str, description: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """
        :param status: the status of the response
        :param code: the member `error`, such as `insufficient_scope`
        :param description: the member `error_description`, for developers; it repeats no input
        :param headers: further headers of the response
        """
        super().__init__(status, description, headers)
        self.code = code


def install_error_handlers(app: FastAPI) -> None:
    """
    Gives every error of the application one shape: refusals, 404, 405, 422 and bugs.

    :param app: the application; handlers that it adds later for the same exceptions win
    """

    @app.exception_handler(ApiError)
    async def on_api_error(request: Request, error: ApiError) -> JSONResponse:
        return _response(request, error)

    @app.exception_handler(HTTPException)
    async def on_http_exception(request: Request, error: HTTPException) -> JSONResponse:
        """Those of the framework (404, 405) and those that a route raises."""
        status = error.status_code
        code = CODES.get(status, "server_error" if status >= 500 else "invalid_request")
        description = DESCRIPTIONS.get(status, str(error.detail))
        return _response(request, ApiError(status, code, description, error.headers))

    @app.exception_handler(RequestValidationError)
    async def on_validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
        return _response(request, ApiError(422, CODES[422], problems))

    @app.exception_handler(Exception)
    async def on_exception(request: Request, _error: Exception) -> JSONResponse:
        """The server writes the cause into its log."""
        return _response(request, ApiError(500, "server_error", "Something went wrong here."))


def _response(request: Request, error: ApiError) -> JSONResponse:
    body = {
        "error": error.code,
        "error_description": error.detail,
        "status": error.status_code,
        # As it was sent: scope["path"] is decoded.
        "path": request.scope["raw_path"].decode("ascii", "backslashreplace"),
    }
    headers = {
        **(error.headers or {}),
        "Cache-Control": "no-store",
        "Content-Type": "application/json; charset=utf-8",
    }
    return JSONResponse(body, error.status_code, headers)
