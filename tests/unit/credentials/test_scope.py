"""What sessions may be opened for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from octopus.access.rights import EVERYBODYS
from octopus.credentials.scope import Scope, require_held
from octopus.errors import ForbiddenError
from octopus.iam.holdings import DataRight, Level, own

OWN = "ns-111111111111"
SOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
LATER = SOON + timedelta(hours=1)
HELD = own(OWN, "lab") | {
    DataRight("zoo.read", Level.READ),
    DataRight("zoo.write", Level.WRITE),
    DataRight("archive.*", Level.READ),
}


def opened(*topics: str, actions: tuple[str, ...] = ("read", "write")) -> Scope:
    return require_held("alice", own=[OWN], held=HELD, topics=topics, actions=actions)


@pytest.mark.parametrize(
    ("topics", "namespaces"),
    [
        ([f"{OWN}.t"], [OWN]),
        ([f"{OWN}.*", "lab.t"], ["lab", OWN]),
        (["lab.*"], ["lab"]),
        (["zoo.read"], [OWN]),
        (["zoo.read", "zoo.write", "archive.*", "archive.t"], [OWN]),
        (["lab.t", "zoo.read"], ["lab", OWN]),
    ],
)
def test_groups_are_of_own_namespaces_and_memberships_alone(topics: list[str], namespaces: list[str]) -> None:
    assert list(opened(*topics).namespaces) == namespaces


def test_session_does_what_is_held_and_no_more() -> None:
    scope = opened("zoo.read", "zoo.write", "lab.*", "archive.t")

    assert scope.rights == {
        DataRight("zoo.read", Level.READ),
        DataRight("zoo.write", Level.WRITE),
        DataRight("lab.*", Level.READ),
        DataRight("lab.*", Level.WRITE),
        DataRight("archive.t", Level.READ),
    }


def test_session_ends_with_what_it_rests_on() -> None:
    held = own(OWN) | {
        DataRight("lab.*", Level.ALL, SOON),
        DataRight("lab.*", Level.READ),
        DataRight("lab.t", Level.WRITE, LATER),
        DataRight("zoo.t", Level.READ, SOON),
    }

    scope = require_held("alice", own=[OWN], held=held, topics=["lab.t", "zoo.t"], actions=["read", "write"])

    assert scope == Scope(
        frozenset(
            {
                DataRight("lab.t", Level.READ),
                DataRight("lab.t", Level.WRITE, LATER),
                DataRight("zoo.t", Level.READ, SOON),
            }
        ),
        {"lab": SOON, OWN: None},
    )


@pytest.mark.parametrize(
    ("topic", "actions", "refusal"),
    [
        ("ns-222222222222.t", ("read",), "Namespace ns-222222222222 not found for alice"),
        ("zoo.secret", ("read",), "Topic zoo.secret not found for alice"),
        ("zoo.*", ("read",), r"Topic zoo.\* not found for alice"),
        ("zoo.read", ("write",), "Topic zoo.read not found for alice"),
        ("archive.t", ("write",), "Topic archive.t not found for alice"),
    ],
)
def test_topic_that_is_not_held_so_is_named(topic: str, actions: tuple[str, ...], refusal: str) -> None:
    with pytest.raises(ForbiddenError, match=f"^{refusal}$"):
        opened("lab.t", topic, actions=actions)


def test_session_for_the_heartbeat_reads_it_with_own_groups() -> None:
    held = own(OWN) | EVERYBODYS
    scope = require_held(
        "alice", own=[OWN], held=held, topics=["octopus.heartbeat"], actions=["read", "write"]
    )
    assert scope == Scope(frozenset({DataRight("octopus.heartbeat", Level.READ)}), {OWN: None})
    with pytest.raises(ForbiddenError):
        require_held("alice", own=[OWN], held=held, topics=["octopus.audit"], actions=["read"])
