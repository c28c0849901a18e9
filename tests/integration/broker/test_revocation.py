"""How soon a change of rights is in force, connections that exist included."""

from __future__ import annotations

import pytest

from tests.integration.broker.conftest import Tenant
from tests.integration.broker.judge_double import JudgeDouble, until
from tests.integration.broker.wire import FOREVER_MS, Connection

GRANTED = 0
TOPIC_AUTHORIZATION_FAILED = 29


def test_withdrawn_right_is_refused_on_a_connection_that_exists_within_five_seconds(tenant: Tenant) -> None:
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        assert _fetch(connection, tenant) == GRANTED
        tenant.key.rules[1]["actions"].remove("kafka-cluster:ReadData")
        _await_loss(connection, tenant)


def test_new_right_serves_on_a_connection_that_exists_within_five_seconds(tenant: Tenant) -> None:
    tenant.key.rules[1]["actions"].remove("kafka-cluster:ReadData")
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        assert _fetch(connection, tenant) == TOPIC_AUTHORIZATION_FAILED
        tenant.key.rules[1]["actions"].append("kafka-cluster:ReadData")
        until(lambda: _fetch(connection, tenant) == GRANTED, within_s=5)


def test_inactive_key_loses_every_right_on_a_connection_that_exists(tenant: Tenant) -> None:
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        assert _fetch(connection, tenant) == GRANTED
        tenant.key.active = False
        _await_loss(connection, tenant)


def test_held_policy_gives_no_right_when_its_reading_is_too_old(tenant: Tenant, judge: JudgeDouble) -> None:
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        judge.age_ms = 48_000
        judge.await_refresh(tenant.key.access_key_id)
        assert _fetch(connection, tenant) == GRANTED
        # Again, in place: this node ends a connection 4 s after its last token, and that is now.
        connection.authenticate(tenant.token())
        judge.away = True
        _await_loss(connection, tenant)


def test_parked_fetch_is_cut_by_the_bound_on_idleness(tenant: Tenant) -> None:
    """Nothing is taken away and no record comes: the gate holds nothing back, and it would wait for weeks."""
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        with pytest.raises(ConnectionError):
            connection.fetch(tenant.topic("events"), max_wait_ms=FOREVER_MS)


def _await_loss(connection: Connection, tenant: Tenant) -> None:
    """Refused; or cut off by the gate, when an answer was on its way at that very moment.

    It is not waited for as long as the node lets a connection be, 4 s: its end would look like a loss.
    """

    def lost() -> bool:
        try:
            return _fetch(connection, tenant) == TOPIC_AUTHORIZATION_FAILED
        except ConnectionResetError:
            return True

    until(lost, within_s=3.5)


def _fetch(connection: Connection, tenant: Tenant) -> int:
    return connection.fetch(tenant.topic("events"), max_wait_ms=0)
