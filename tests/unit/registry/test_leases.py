"""One change of a thing at a time."""

from __future__ import annotations

from typing import Any

import pytest

from octopus.errors import UnavailableError
from octopus.registry.leases import LIFE_S, Leases
from octopus.registry.transactions import ConditionFailedError, write_together


def test_second_holder_is_refused_until_the_first_has_ended(database: Any, table: str) -> None:
    leases = Leases(database, table)

    with leases.hold("topic t"):
        with pytest.raises(UnavailableError, match="topic t"), leases.hold("topic t", patience_s=0.1):
            pass
        with leases.hold("topic u", patience_s=0.1):
            pass

    with leases.hold("topic t", patience_s=0.1):
        pass


def test_lease_ends_when_its_block_breaks(database: Any, table: str) -> None:
    leases = Leases(database, table)

    with pytest.raises(RuntimeError), leases.hold("topic t"):
        raise RuntimeError

    with leases.hold("topic t", patience_s=0.1):
        pass


def test_dead_holder_is_outlived_and_changes_nothing_afterwards(database: Any, table: str) -> None:
    now = 1_000_000.0
    leases = Leases(database, table, clock=lambda: now)

    with leases.hold("topic t") as dead:
        now += LIFE_S + 1
        with leases.hold("topic t", patience_s=0.1) as living:
            row: Any = {"Put": {"TableName": table, "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}
            with pytest.raises(ConditionFailedError) as refused:
                write_together(database, [row, dead.check()])
            write_together(database, [row, living.check()])

    assert refused.value.positions == (1,)


def test_renewed_lease_lasts_a_whole_life_from_then(database: Any, table: str) -> None:
    now = 1_000_000.0
    leases = Leases(database, table, clock=lambda: now)

    with leases.hold("topic t") as lease:
        now += LIFE_S - 1
        lease.renew()
        now += LIFE_S - 1
        with pytest.raises(UnavailableError), leases.hold("topic t", patience_s=0):
            pass


def test_lost_lease_cannot_be_renewed(database: Any, table: str) -> None:
    now = 1_000_000.0
    leases = Leases(database, table, clock=lambda: now)

    with leases.hold("topic t") as dead:
        now += LIFE_S + 1
        with leases.hold("topic t"), pytest.raises(UnavailableError, match="lost"):
            dead.renew()
