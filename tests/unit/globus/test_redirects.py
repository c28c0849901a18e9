from __future__ import annotations

import pytest

from octopus.globus.redirects import RedirectRule

RULE = RedirectRule(port=8100)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8100/v2/web/auth-code",
        "http://localhost:8100/v2/web/auth-code",
        "http://localhost:5000",
        "http://localhost/",
        "http://[::1]:5000/callback?a=b",
        "http://127.0.0.9:1/",
    ],
)
def test_loopback_address_is_allowed(address: str) -> None:
    assert RULE.allows(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/v2/web/auth-code",
        "//127.0.0.1/",
        "https://auth.globus.org/v2/web/auth-code",
        "https://127.0.0.1/",
        "http://example.org/",
        "http://localhost.example.org/",
        "http://127.0.0.1.example.org/",
        "http://127.0.0.1@example.org/",
        "http://user@127.0.0.1/",
        "http://:@127.0.0.1/",
        "http://127.0.0.1\\@example.org/",
        "http://127.0.0.1:5000/#x",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1;x/",
        "http://[::1",
        "http://127.0.0.1:5000/\r\nX: y",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:8100/v2/oauth2/authorize",
        "http://localhost:8100/v2/web/auth-code/../../oauth2/authorize",
    ],
)
def test_any_other_address_is_refused(address: str) -> None:
    assert not RULE.allows(address)
