"""Which URLs may be asked, and which belong to the issuer."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_safe_url(url: str) -> bool:
    """Whether it may be asked: by https, or by plain http where that crosses no network."""
    try:
        scheme, netloc, _, _, _ = urlsplit(url)
        is_safe = scheme == "https" or (scheme == "http" and _is_loopback(urlsplit(url).hostname))
    except ValueError:
        return False
    return netloc != "" and is_safe and "@" not in netloc


def lies_under(issuer: str, uri: str) -> bool:
    """Also once a client has resolved the dots and escapes that it finds in the path."""
    root = issuer.rstrip("/") + "/"
    return uri.startswith(root) and not any(
        part in uri[len(root) :] for part in ("..", "%", "\\", "#")
    )


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
