"""Verifies Signet's access tokens offline, and learns of a revocation within seconds."""

from .claims import AccessToken
from .dependencies import get_current_user, require_permission, require_role, require_token
from .documentation import document_api_keys
from .errors import install_error_handlers
from .resource_metadata import publish_resource_metadata
from .token_error import TokenError
from .token_exchange import ApiKeyClient
from .verifier import Verifier

__all__ = [
    "AccessToken",
    "ApiKeyClient",
    "TokenError",
    "Verifier",
    "document_api_keys",
    "get_current_user",
    "install_error_handlers",
    "publish_resource_metadata",
    "require_permission",
    "require_role",
    "require_token",
]
