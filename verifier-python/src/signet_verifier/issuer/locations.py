"""Where the token service is asked: at the issuer's URL, or at `discovery`, where that leads nowhere from here."""

from urllib.parse import urlsplit

from ..safe_url import is_safe_url, lies_under
from .metadata import metadata_url


class Locations:
    def __init__(self, issuer: str, discovery: str | None, *, insecure: bool) -> None:
        """`discovery` stands for the issuer wherever something is fetched. Raises ValueError."""
        if discovery is not None:
            discovery = _read(discovery, issuer, insecure=insecure)
        self._issuer, self._discovery = issuer, discovery
        self.metadata = metadata_url(discovery or issuer)

    @property
    def kind(self) -> str:
        """What is to be asked, for whoever reads why something is not."""
        return "an https URL" if self._discovery is None else "a URL under the issuer"

    @property
    def insecure_discovery(self) -> str | None:
        """Where whoever answers is the issuer; None when it is known who does."""
        is_insecure = self._discovery is not None and not is_safe_url(self._discovery)
        return self._discovery if is_insecure else None

    def of(self, uri: str) -> str:
        """Where to ask for what lies under the issuer."""
        if self._discovery is None:
            return uri
        return self._discovery.rstrip("/") + uri[len(self._issuer.rstrip("/")) :]

    def find(self, uri: object) -> str | None:
        """Where to ask for what the metadata names. None for what is not to be asked."""
        if not isinstance(uri, str):
            return None
        if self._discovery is None:
            return uri if is_safe_url(uri) else None
        # Whoever answers there must not send the service elsewhere.
        return self.of(uri) if lies_under(self._issuer, uri) else None


def _read(discovery: str, issuer: str, *, insecure: bool) -> str:
    """With the issuer's path, where it has none."""
    scheme, netloc, path, query, fragment = urlsplit(discovery)
    is_url = scheme in ("http", "https") and netloc != "" and "@" not in netloc
    if not is_url or query or fragment or "/.well-known/" in path:
        raise ValueError(
            "discovery must be the URL that stands for the issuer, without a query, a fragment or /.well-known/."
        )
    if not is_safe_url(discovery) and not insecure:
        raise ValueError(
            "discovery must be an https URL; plain http to hosts other than loopback needs insecure_discovery, "
            "because whoever answers there is the issuer."
        )
    return f"{scheme}://{netloc}{path if path.strip('/') else urlsplit(issuer).path}"
