from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.integration.globus import published_sdk
from tests.integration.globus.process import StandIn
from tests.patience import PATIENCE_S


def test_interactive_login_of_the_published_sdk_gives_the_identity_chosen_on_the_page(
    stand_in: StandIn, tmp_path: Path
) -> None:
    carol = stand_in.identity("carol")

    result = published_sdk.log_in(auth_url=stand_in.url, user_dir=tmp_path / "sdk", identity="carol")

    assert result == {"subject": carol.id, "namespace": f"ns-{carol.id.replace('-', '')[-12:]}"}


def test_published_sdk_stays_logged_in_by_its_stored_tokens(stand_in: StandIn, tmp_path: Path) -> None:
    first = published_sdk.log_in(auth_url=stand_in.url, user_dir=tmp_path, identity="dora")

    assert published_sdk.use(auth_url=stand_in.url, user_dir=tmp_path) == first


def test_published_sdk_refreshes_tokens_that_ended_without_a_login(tmp_path: Path) -> None:
    # globus-sdk renews a token from one minute before its end: one of half a minute is always due.
    stand_in = StandIn(tmp_path, token_life=30)
    stand_in.start()
    try:
        first = published_sdk.log_in(auth_url=stand_in.url, user_dir=tmp_path / "sdk", identity="erin")
        assert published_sdk.use(auth_url=stand_in.url, user_dir=tmp_path / "sdk") == first
    finally:
        stand_in.stop()
    assert _grant_types(stand_in)[-1] == "refresh_token"


def test_client_credentials_login_of_the_published_sdk_gives_the_client_identity(
    stand_in: StandIn, tmp_path: Path
) -> None:
    frank = stand_in.identity("frank")
    variables = published_sdk.environment(auth_url=stand_in.url, user_dir=tmp_path)
    done = subprocess.run(
        [
            published_sdk.SDK_PYTHON,
            "-c",
            "from diaspora_event_sdk import Client; print(Client().subject_openid)",
        ],
        env=variables | {"DIASPORA_SDK_CLIENT_ID": frank.id, "DIASPORA_SDK_CLIENT_SECRET": frank.secret},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert done.stdout.strip() == frank.id


def _grant_types(stand_in: StandIn) -> list[str]:
    events = [json.loads(line) for line in stand_in.log.read_text().splitlines()]
    return [event["grant_type"] for event in events if event["event"] == "globus.granted"]
