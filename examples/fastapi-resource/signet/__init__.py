"""Verifies Signet's access tokens offline, and learns of a revocation within seconds."""

from .claims import AccessToken
from .dependencies import get_current_user, require_permission, require_role, require_token
from .errors import install_error_handlers
from .token_error import TokenError
from .verifier import Verifier

__all__ = [
    "AccessToken",
    "TokenError",
    "Verifier",
    "get_current_user",
    "install_error_handlers",
    "require_permission",
    "require_role",
    "require_token",
]
