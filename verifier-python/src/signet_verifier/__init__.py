"""
Verifies Signet's access tokens offline, and learns of a revocation within seconds.

`signet_verifier.fastapi` has the dependencies for FastAPI.
"""

from .api_keys.token_exchange import ApiKeyClient
from .claims import AccessToken
from .mode import Mode
from .token_error import TokenError, TokenErrorCode
from .verifier import Verifier

__all__ = ["AccessToken", "ApiKeyClient", "Mode", "TokenError", "TokenErrorCode", "Verifier"]
