from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from octopus.globus.settings import RefusedError, StandInSettings, check_alone, is_loopback_url


def settings(tmp_path: Path, **changes: Any) -> StandInSettings:
    values = {
        "globus_auth_url": "http://127.0.0.1:8100/",
        "globus_store": tmp_path / "store",
        "globus_client_id": "2b9d2f5c-fa32-45b5-875b-b24cd343b917",
        "globus_client_secret_file": tmp_path / "secret",
    }
    return StandInSettings.model_validate(values | changes)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8100/", "http://127.0.0.1:8100"])
def test_stands_where_every_process_is_told_of_it(tmp_path: Path, url: str) -> None:
    check_alone(settings(tmp_path, globus_auth_url=url), {"GLOBUS_SDK_SERVICE_URL_AUTH": url})


def test_stands_on_the_loopback_of_ipv6(tmp_path: Path) -> None:
    check_alone(settings(tmp_path, globus_auth_url="http://[::1]:8100/", globus_host="::1"), {})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost", "example.org", ""])  # noqa: S104
def test_refuses_an_address_that_is_no_loopback_literal(tmp_path: Path, host: str) -> None:
    with pytest.raises(RefusedError, match="OCTOPUS_GLOBUS_HOST"):
        check_alone(settings(tmp_path, globus_host=host, globus_auth_url=f"http://{host}:8100/"), {})


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://auth.globus.org/",
        "http://127.0.0.1:8101/",
        "https://127.0.0.1:8100/",
        "http://localhost:8100/",
    ],
)
def test_refuses_where_the_fabric_is_told_of_another_globus_auth(tmp_path: Path, url: str | None) -> None:
    with pytest.raises(RefusedError, match="OCTOPUS_GLOBUS_AUTH_URL"):
        check_alone(settings(tmp_path, globus_auth_url=url), {})


def test_service_secret_is_read_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_text("abc\n")
    assert settings(tmp_path).client_secret() == "abc"

    file.write_text("\n")
    with pytest.raises(RefusedError, match="empty"):
        settings(tmp_path).client_secret()
    file.chmod(0o644)
    with pytest.raises(RefusedError, match="chmod 600"):
        settings(tmp_path).client_secret()


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8100", "file:///etc", "http://auth.globus.org@evil/", "http://["]
)
def test_address_that_is_not_of_this_machine_is_told(url: str) -> None:
    assert not is_loopback_url(url)
