from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from octopus.globus.database import Database
from octopus.globus.grants import CODE_LIFE_S, REFRESH_LIFE_S, Code, Grant, Grants

LIFE = 100


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def grants(database: Database, clock: Clock) -> Grants:
    return Grants(database, token_life=LIFE, clock=clock)


def a_code(grant_id: str = "g") -> Code:
    return Code(
        grant_id=grant_id,
        client_id="client",
        subject="alice",
        redirect_uri="http://127.0.0.1/",
        scope="openid",
        challenge="c",
        nonce=None,
        state="s",
        offline=True,
    )


def a_grant(*, offline: bool = False, grant_id: str = "g") -> Grant:
    return Grant(
        id=grant_id,
        client_id="client",
        subject="alice",
        scopes={"auth.globus.org": ["openid", "email"], "service": ["action_all"]},
        offline=offline,
    )


def test_code_is_used_once(grants: Grants) -> None:
    text = grants.issue_code(a_code())

    assert grants.use_code(text) == a_code()
    assert grants.use_code(text) is None
    assert grants.use_code("unknown") is None


def test_code_ends_after_ten_minutes(grants: Grants, clock: Clock) -> None:
    late, early = grants.issue_code(a_code()), grants.issue_code(a_code())

    clock.now += CODE_LIFE_S - 1
    assert grants.use_code(early) is not None
    clock.now += 1
    assert grants.use_code(late) is None


def test_second_use_of_a_code_revokes_what_the_first_gave_and_nothing_else(grants: Grants) -> None:
    text = grants.issue_code(a_code("g"))
    grants.use_code(text)
    theirs = grants.issue_tokens(a_grant(offline=True, grant_id="g"))[0]
    others = grants.issue_tokens(a_grant(offline=True, grant_id="h"))[0]

    grants.use_code(text)

    assert grants.find(theirs.access_token) is None
    assert theirs.refresh_token is not None
    assert grants.refresh(theirs.refresh_token, client_id="client") is None
    assert grants.find(others.access_token) is not None


def test_tokens_are_one_a_resource_server_in_word_characters(grants: Grants) -> None:
    auth, service = grants.issue_tokens(a_grant())

    assert (auth.resource_server, auth.scope) == ("auth.globus.org", "openid email")
    assert (service.resource_server, service.scope) == ("service", "action_all")
    assert re.fullmatch(r"\w{33,254}", auth.access_token, re.ASCII)
    assert auth.refresh_token is None
    assert auth.access_token not in repr(auth)


def test_token_ends_with_its_life(grants: Grants, clock: Clock) -> None:
    token = grants.issue_tokens(a_grant())[0].access_token

    clock.now += LIFE - 1
    found = grants.find(token)
    assert found is not None
    assert found.expires - found.issued == LIFE
    clock.now += 1
    assert grants.find(token) is None


def test_refresh_token_lives_half_a_year_from_its_last_use(grants: Grants, clock: Clock) -> None:
    refresh_token = grants.issue_tokens(a_grant(offline=True))[0].refresh_token
    assert refresh_token is not None

    for _ in range(3):
        clock.now += REFRESH_LIFE_S - 1
        refreshed = grants.refresh(refresh_token, client_id="client")
        assert refreshed is not None
        assert refreshed[1] == "alice"
        assert refreshed[0].refresh_token == refresh_token
    clock.now += REFRESH_LIFE_S
    assert grants.refresh(refresh_token, client_id="client") is None


def test_refresh_token_of_another_client_is_none(grants: Grants) -> None:
    refresh_token = grants.issue_tokens(a_grant(offline=True))[0].refresh_token
    assert refresh_token is not None

    assert grants.refresh(refresh_token, client_id="other") is None
    grants.revoke(refresh_token, client_id="other")
    assert grants.refresh(refresh_token, client_id="client") is not None


def test_store_holds_no_code_and_no_token(grants: Grants, tmp_path: Path) -> None:
    issued = grants.issue_tokens(a_grant(offline=True))
    texts = [grants.issue_code(a_code())]
    texts += [each.access_token for each in issued] + [each.refresh_token or "" for each in issued]
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert all(texts)
    assert not [text for text in texts if text.encode() in held]


def test_ended_tokens_are_forgotten(grants: Grants, database: Database, clock: Clock) -> None:
    grants.issue_tokens(a_grant())
    clock.now += LIFE
    grants.issue_tokens(a_grant())

    assert len(database.rows("SELECT * FROM access_tokens")) == 2
