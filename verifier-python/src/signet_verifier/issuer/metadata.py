"""Authorization server metadata (RFC 8414): all that is found by the issuer's URL."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..jose.strict_json import parse_object
from ..safe_url import is_safe_url, lies_under


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a resource service needs of it (§2)."""

    jwks_uri: str
    status_lists_uri: str | None
    token_endpoint: object
    """Where API keys are exchanged, if that is to be asked."""


def check_issuer(issuer: str) -> None:
    """Raises ValueError for what is no issuer (§2), and for plain http across a network."""
    _, _, _, query, fragment = urlsplit(issuer)
    if not is_safe_url(issuer) or query or fragment:
        raise ValueError(
            "The issuer must be an https URL without a query or fragment; plain http is for loopback hosts only."
        )


def metadata_url(issuer: str) -> str:
    """§3.1: the well-known part stands before the issuer's path."""
    scheme, netloc, path, _, _ = urlsplit(issuer)
    return f"{scheme}://{netloc}/.well-known/oauth-authorization-server{path.rstrip('/')}"


def read_metadata(document: bytes, issuer: str) -> Metadata:
    """Raises ValueError when the document is not this issuer's (§3.3)."""
    metadata = parse_object(document)
    if metadata.get("issuer") != issuer:
        # What others say may be long, and stays in its line.
        named = json.dumps(metadata.get("issuer"))[:200]
        raise ValueError(f"it is of another issuer: {named}, not {json.dumps(issuer)}")
    jwks_uri = metadata.get("jwks_uri")
    status_lists_uri = metadata.get("status_list_aggregation_endpoint")
    if not isinstance(jwks_uri, str) or not isinstance(status_lists_uri, str | None):
        raise ValueError("it names no keys")
    for uri in (jwks_uri, status_lists_uri):
        if uri is not None and not lies_under(issuer, uri):
            raise ValueError("it names a place that does not lie under the issuer")
    # Most services do without it: it is no reason to do without the keys.
    return Metadata(jwks_uri, status_lists_uri, metadata.get("token_endpoint"))
