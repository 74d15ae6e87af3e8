"""What makes no sense is refused when a verifier is made, and the page names every reason for a refusal."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from signet_verifier import ApiKeyClient, TokenErrorCode, Verifier

GOOD: dict[str, Any] = {
    "issuer": "https://login.example.com",
    "audience": "https://api.example.com",
}
README = (Path(__file__).parent.parent / "README.md").read_text()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"issuer": "http://login.example.com"}, "The issuer must be"),
        ({"issuer": "https://login.example.com/?a=b"}, "The issuer must be"),
        ({"issuer": "login.example.com"}, "The issuer must be"),
        ({"audience": ""}, "The audience must not be empty"),
        ({"discovery": "http://signet:3000"}, "insecure_discovery"),
        ({"poll_interval": 0}, "poll_interval must be"),
        ({"poll_interval": 3601, "max_staleness": 3601}, "poll_interval must be"),
        ({"poll_interval": float("nan")}, "poll_interval must be"),
        ({"poll_interval": 61}, "max_staleness must be"),
        ({"max_staleness": float("inf")}, "max_staleness must be"),
    ],
)
def test_what_makes_no_sense_is_a_value_error(more: dict[str, Any], says: str) -> None:
    Verifier(**GOOD)
    with pytest.raises(ValueError, match=says):
        Verifier(**{**GOOD, **more})


def test_a_client_for_api_keys_shows_no_secret() -> None:
    assert "s3cret" not in repr(ApiKeyClient("gateway", "s3cret"))


def test_the_page_has_every_code_of_a_token_error_and_no_other() -> None:
    table = README[README.index("| Code | When |") : README.index("## Tests of your service")]
    assert sorted(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == sorted(
        get_args(TokenErrorCode)
    )


def test_the_page_has_every_setting_and_no_other() -> None:
    table = README[README.index("| Name | Default | Meaning |") : README.index("In Compose or")]
    named = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)))
    names = [each for each in Verifier.__init__.__annotations__ if each != "return"]
    assert named == names
