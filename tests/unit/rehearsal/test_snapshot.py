"""What a rehearsal calls lost."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal import __main__ as rehearsal
from tests.rehearsal.errors import RehearsalError
from tests.rehearsal.snapshot import Snapshot, added_for_all, losses
from tests.rehearsal.tree import installed

READ = "Allow kafka-cluster:ReadData on topic/ns-1.one"
HEARTBEAT = "Allow kafka-cluster:ReadData on topic/octopus.heartbeat"

BEFORE = Snapshot(
    seen={"ada": {"keys": [{"access_key": "AKIA1", "state": "active"}]}, "ben": {"keys": []}},
    principals={"1": {"keys": {"AKIA1": "Active"}}, "2": {"keys": {}}},
    rights={"1": frozenset({READ}), "2": frozenset()},
    records={("ns-1", "ns-1.one"): ["a", "b"], ("ns-2", "ns-1.one"): ["a", "b"]},
)


def _after(**other: Any) -> list[str]:
    return list(losses(BEFORE, dataclasses.replace(BEFORE, **other)))


def test_what_is_as_it_was_or_only_more_is_no_loss() -> None:
    assert _after() == []
    more = {
        "ada": {"keys": [{"access_key": "AKIA1", "state": "active", "new_field": 1}]},
        "ben": {"keys": []},
    }
    assert _after(seen={**more, "cem": {"keys": []}}) == []
    assert _after(records={**BEFORE.records, ("ns-1", "ns-1.one"): ["a", "b", "c"]}) == []


def test_right_that_everybody_got_is_told_and_no_loss() -> None:
    rights = {who: held | {HEARTBEAT} for who, held in BEFORE.rights.items()}
    assert _after(rights=rights) == []
    assert added_for_all(BEFORE, dataclasses.replace(BEFORE, rights=rights)) == {HEARTBEAT}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("seen", {"ada": BEFORE.seen["ada"]}, "ben is gone"),
        ("seen", {**BEFORE.seen, "ada": {"keys": []}}, "ada: keys: "),
        (
            "seen",
            {**BEFORE.seen, "ada": {"keys": [{"access_key": "AKIA1", "state": "revoked"}]}},
            "ada: keys: 0: state: active became revoked",
        ),
        (
            "principals",
            {**BEFORE.principals, "1": {"keys": {"AKIA1": "Inactive"}}},
            "IAM: 1: keys: AKIA1: Active became Inactive",
        ),
        ("rights", {"1": frozenset(), "2": frozenset()}, f"IAM: 1 lost {READ}"),
        ("rights", {**BEFORE.rights, "2": frozenset({READ})}, f"IAM: 2 alone got {READ}"),
        (
            "records",
            {("ns-1", "ns-1.one"): ["a", "b"]},
            "Kafka: ns-2 reads others in ns-1.one: 2 before, 0 now",
        ),
        (
            "records",
            {**BEFORE.records, ("ns-1", "ns-1.one"): ["b", "a"]},
            "Kafka: ns-1 reads others in ns-1.one: 2 before, 2 now",
        ),
    ],
)
def test_what_is_not_as_it_was_is_a_loss(field: str, value: Any, says: str) -> None:
    (said,) = _after(**{field: value})
    assert said.startswith(says)


def test_clone_without_the_release_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match=r"does not have commit 000000000000.*git fetch --unshallow"):
        installed("0" * 40, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_more_grants_than_people_can_give_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        rehearsal.main(["--people", "3", "--grants", "7"])
    assert "each shares with each other once at most" in capsys.readouterr().err
