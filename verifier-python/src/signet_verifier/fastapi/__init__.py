"""Dependencies for FastAPI: who calls, and whether they may. The refusals are those of RFC 6750."""

from .dependencies import get_current_user, require_permission, require_role, require_token
from .documentation import document_api_keys
from .errors import ApiError, install_error_handlers
from .resource_metadata import publish_resource_metadata

__all__ = [
    "ApiError",
    "document_api_keys",
    "get_current_user",
    "install_error_handlers",
    "publish_resource_metadata",
    "require_permission",
    "require_role",
    "require_token",
]
