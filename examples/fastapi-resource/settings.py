"""The configuration: environment variables, read here and nowhere else."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from signet_verifier import ApiKeyClient


@dataclass(frozen=True)
class Settings:
    issuer: str = "http://127.0.0.1:3000"
    audience: str = "https://api.example.com"
    discovery: str | None = None
    """The URL at which the issuer is reached from here, when its own leads nowhere."""
    insecure_discovery: bool = False
    """Whether that may be plain http beyond loopback: whoever answers there is the issuer."""
    poll_interval: float = 5
    """Seconds. A revoked token is refused after so long at the latest."""
    max_staleness: float = 60
    """Seconds. Strict routes refuse when the token service was not heard for longer."""
    api_keys: ApiKeyClient | None = None
    """The client as which API keys are exchanged. None takes none."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        return cls(
            issuer=environment.get("SIGNET_ISSUER", cls.issuer),
            audience=environment.get("AUDIENCE", cls.audience),
            discovery=environment.get("SIGNET_DISCOVERY"),
            insecure_discovery=_flag(environment, "SIGNET_INSECURE_DISCOVERY"),
            poll_interval=_seconds(environment, "POLL_INTERVAL", cls.poll_interval),
            max_staleness=_seconds(environment, "MAX_STALENESS", cls.max_staleness),
            api_keys=_api_key_client(environment),
        )


def _flag(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name, "false")
    if text not in ("true", "false"):
        raise ValueError(f"{name} must be true or false.")
    return text == "true"


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    try:
        seconds = float(environment.get(name, default))
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"{name} must be a number of seconds, such as {default:g}.")
    return seconds


def _api_key_client(environment: Mapping[str, str]) -> ApiKeyClient | None:
    client_id = environment.get("API_KEY_CLIENT_ID")
    client_secret = environment.get("API_KEY_CLIENT_SECRET")
    if client_id is not None:
        return ApiKeyClient(client_id, client_secret)
    if client_secret is not None:
        raise ValueError("API_KEY_CLIENT_SECRET needs API_KEY_CLIENT_ID beside it.")
    return None
