"""What the clock and IAM say about recorded keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.credentials.models import KeyState, Kind, StoredKey
from octopus.credentials.tending import Findings, look_at

QUARTER = timedelta(days=90)


def moment(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def key(**attributes: Any) -> StoredKey:
    basics = {
        "access_key_id": "AKIA1",
        "subject": "s",
        "user_name": "s",
        "kind": Kind.IAM_USER,
        "secret": b"",
        "created": moment(days=400),
    }
    return StoredKey(**(basics | attributes))


def found(
    *stored: StoredKey, used: str | None = None, in_iam: dict[str, bool] | None = None, **arguments: Any
) -> Findings:
    def unused_since(_key: StoredKey, moment: datetime) -> bool:
        return used is None or datetime.fromisoformat(used) <= moment

    states = {one.access_key_id: True for one in stored} if in_iam is None else in_iam
    basics = {"active_since": None, "unused_since": unused_since, "unused_after": QUARTER, "longest": None}
    return look_at(stored, states, **(basics | arguments))


@pytest.mark.parametrize(
    ("stored", "arguments", "ended"),
    [
        (key(expires=moment(seconds=1)), {}, {"AKIA1": "expired"}),
        (key(expires=moment(seconds=1), state=KeyState.SUSPENDED), {}, {"AKIA1": "expired"}),
        (key(), {"in_iam": {}, "used": moment(days=1)}, {"AKIA1": "gone from IAM"}),
        (key(created=moment(hours=-1)), {"in_iam": {}}, {}),
        (key(), {"used": None}, {"AKIA1": "unused"}),
        (key(), {"used": moment(days=91)}, {"AKIA1": "unused"}),
        (key(), {"used": moment(days=89)}, {}),
        (key(created=moment(days=89)), {"used": None}, {}),
        (key(), {"used": None, "active_since": moment(days=89)}, {}),
        (key(created=moment(days=200)), {"active_since": moment(days=300)}, {"AKIA1": "unused"}),
        (key(), {"used": None, "unused_after": None}, {}),
        (key(state=KeyState.SUSPENDED), {"used": None}, {}),
        (key(state=KeyState.INACTIVE), {"used": None, "in_iam": {"AKIA1": False}}, {"AKIA1": "unused"}),
    ],
    ids=[
        "past its end",
        "suspended and past its end",
        "deleted by hand",
        "so new that IAM may not list it",
        "never used",
        "not used for long",
        "used of late",
        "too young to be unused",
        "of an account that was resumed of late",
        "of an account that is older than the key",
        "unused for ever allowed",
        "suspended",
        "inactive and unused",
    ],
)
def test_key_ends_for_a_reason(stored: StoredKey, arguments: dict[str, Any], ended: dict[str, str]) -> None:
    findings = found(stored, **arguments)

    assert findings.ended == ended
    assert not findings.states
    assert bool(findings) is bool(ended)


@pytest.mark.parametrize(
    ("recorded", "active_in_iam", "becomes"),
    [
        (KeyState.ACTIVE, True, None),
        (KeyState.ACTIVE, False, KeyState.INACTIVE),
        (KeyState.INACTIVE, True, KeyState.ACTIVE),
        (KeyState.INACTIVE, False, None),
        (KeyState.SUSPENDED, True, None),
        (KeyState.SUSPENDED, False, None),
    ],
)
def test_record_follows_what_was_done_in_iam_by_hand(
    recorded: KeyState, active_in_iam: bool, becomes: KeyState | None
) -> None:
    findings = found(key(state=recorded), used=moment(days=1), in_iam={"AKIA1": active_in_iam})

    assert findings.states == ({} if becomes is None else {"AKIA1": becomes})
    assert not findings.ended


def test_session_is_cleared_away_once_it_has_ended_and_never_looked_for_in_iam() -> None:
    over = key(access_key_id="ASIA1", kind=Kind.SESSION, expires=moment(seconds=1))
    open_still = key(access_key_id="ASIA2", kind=Kind.SESSION, expires=moment(minutes=-5))

    findings = found(over, open_still, in_iam={})

    assert findings == Findings(ended={}, states={}, over=["ASIA1"], ending=[])


@pytest.mark.parametrize(
    ("stored", "bounded"),
    [
        (key(), True),
        (key(expires=moment(days=-365)), True),
        (key(expires=moment(days=-89)), False),
        # Made a moment ago by a replica whose clock is ahead.
        (key(created=moment(seconds=-60), expires=moment(days=-90, seconds=-60)), False),
        (key(kind=Kind.SESSION, expires=moment(days=-365)), False),
    ],
    ids=["without an end", "for a year", "for less", "just made", "a session"],
)
def test_key_that_lives_too_long_gets_an_end_as_if_made_now(stored: StoredKey, bounded: bool) -> None:
    findings = found(stored, used=moment(days=1), longest=QUARTER)

    assert bool(findings.bounded) is bounded
    assert bool(findings) is bounded
    if bounded:
        end = datetime.fromisoformat(findings.bounded["AKIA1"])
        assert end - datetime.now(UTC) == pytest.approx(QUARTER, abs=timedelta(seconds=5))
        # Its owner is told once it is written.
        assert findings.ending == []
