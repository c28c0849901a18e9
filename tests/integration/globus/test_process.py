"""Starting, stopping and starting again, and where it does not start at all."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import globus_sdk
import pytest

from octopus.globus.clients import SDK_CLIENT_ID
from tests.integration.globus.browser import code_from_page
from tests.integration.globus.process import ACTION_ALL, SERVICE_SECRET, StandIn
from tests.patience import PATIENCE_S


def test_state_survives_a_restart(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    stand_in.start()
    try:
        alice = stand_in.identity("alice")
        with (
            globus_sdk.NativeAppAuthClient(SDK_CLIENT_ID, base_url=stand_in.url) as native,
            stand_in.client_of(alice) as client,
            stand_in.service_client() as service,
        ):
            key = native.get_jwk(native.get_openid_configuration(), as_pem=False)
            token = client.oauth2_client_credentials_tokens(ACTION_ALL)["access_token"]
            native.oauth2_start_flow(["openid", ACTION_ALL], refresh_tokens=True)
            unused_code = code_from_page(native.oauth2_get_authorize_url(), "alice")

            assert stand_in.stop() == 0
            stand_in.start()

            assert stand_in.identity("alice") == alice
            assert native.get_jwk(native.get_openid_configuration(), as_pem=False) == key
            assert service.oauth2_token_introspect(token)["sub"] == alice.id
            tokens = native.oauth2_exchange_code_for_tokens(unused_code)

            stand_in.stop()
            stand_in.start()

            assert native.oauth2_refresh_token(tokens["refresh_token"])["access_token"]
    finally:
        stand_in.stop()


def test_store_and_its_logs_are_readable_by_the_owner_alone(stand_in: StandIn) -> None:
    stand_in.identity("alice")
    files = list(stand_in.home.glob(f"{stand_in.store.name}*"))

    assert stand_in.store in files
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_log_is_json_lines_without_any_secret(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    stand_in.start()
    try:
        alice = stand_in.identity("alice")
        with (
            globus_sdk.NativeAppAuthClient(SDK_CLIENT_ID, base_url=stand_in.url) as native,
            stand_in.client_of(alice) as client,
            stand_in.service_client() as service,
        ):
            flow = native.oauth2_start_flow(["openid", ACTION_ALL], refresh_tokens=True)
            code = code_from_page(native.oauth2_get_authorize_url(), "alice")
            tokens = native.oauth2_exchange_code_for_tokens(code)
            own = client.oauth2_client_credentials_tokens(ACTION_ALL)["access_token"]
            service.oauth2_token_introspect(own)
            native.oauth2_refresh_token(tokens["refresh_token"])
            client.oauth2_revoke_token(own)
    finally:
        stand_in.stop()

    log = stand_in.log.read_text()
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert {"globus.consented", "globus.granted", "globus.revoked"} <= set(events)
    issued = [each[name] for each in tokens.by_resource_server.values() for name in TOKENS]
    for secret in (*issued, own, code, flow.verifier, tokens["id_token"], alice.secret, SERVICE_SECRET):
        assert secret not in log


TOKENS = ("access_token", "refresh_token")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"OCTOPUS_GLOBUS_AUTH_URL": None}, "OCTOPUS_GLOBUS_AUTH_URL"),
        ({"OCTOPUS_GLOBUS_AUTH_URL": "https://auth.globus.org/"}, "https://auth.globus.org/"),
        ({"OCTOPUS_GLOBUS_AUTH_URL": "http://127.0.0.1:1/"}, "OCTOPUS_GLOBUS_AUTH_URL"),
        ({"OCTOPUS_GLOBUS_HOST": "0.0.0.0"}, "OCTOPUS_GLOBUS_HOST"),  # noqa: S104
        ({"OCTOPUS_GLOBUS_HOST": "192.0.2.1"}, "OCTOPUS_GLOBUS_HOST"),
        ({"GLOBUS_SDK_SERVICE_URL_AUTH": "https://auth.globus.org/"}, "GLOBUS_SDK_SERVICE_URL_AUTH"),
        ({"OCTOPUS_GLOBUS_CLIENT_SECRET": "from-the-console"}, "OCTOPUS_GLOBUS_CLIENT_SECRET"),
        ({"OCTOPUS_GLOBUS_SECRET_NAME": "octopus/uni/globus-client-secret"}, "OCTOPUS_GLOBUS_SECRET_NAME"),
        ({"OCTOPUS_GLOBUS_CLIENT_ID": "not-a-uuid"}, "OCTOPUS_GLOBUS_CLIENT_ID"),
        ({"OCTOPUS_GLOBUS_STORE": None}, "OCTOPUS_GLOBUS_STORE"),
        ({"OCTOPUS_GLOBUS_CLIENT_SECRET_FILE": "/nonexistent"}, "/nonexistent"),
    ],
)
def test_refuses_to_start_where_it_must_not_stand(
    tmp_path: Path, changes: dict[str, str | None], named: str
) -> None:
    variables = StandIn(tmp_path).environment() | changes

    done = run_to_the_end({name: value for name, value in variables.items() if value is not None})

    assert done.returncode == 2
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
    assert "from-the-console" not in done.stderr
    assert not done.stdout


def test_starts_beside_the_secret_name_of_an_emulated_account(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    stand_in.start({"OCTOPUS_GLOBUS_SECRET_NAME": "x", "AWS_ENDPOINT_URL": "http://localhost:4566"})
    assert stand_in.stop() == 0


def test_refuses_a_store_that_others_can_read(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    stand_in.identity("alice")
    stand_in.store.chmod(0o644)

    done = run_to_the_end(stand_in.environment())

    assert done.returncode == 2
    assert "chmod 600" in done.stderr


def run_to_the_end(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "octopus.globus"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
