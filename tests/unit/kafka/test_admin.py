"""Brokers that are not there."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError

from octopus.kafka import admin as admin_module
from octopus.kafka import configs as configs_module
from octopus.kafka import groups as groups_module
from octopus.kafka import offsets as offsets_module
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.asking import KafkaAwayError, is_away
from octopus.kafka.groups import GroupAdmin

TAKES_NO_CONNECTION = "127.0.0.1:9"
BOUND_S = 1.0


@pytest.fixture(autouse=True)
def _short_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (admin_module, configs_module, groups_module, offsets_module):
        monkeypatch.setattr(module, "ASK_S", BOUND_S)
        monkeypatch.setattr(module, "CHANGE_S", BOUND_S)


@pytest.fixture
def admin() -> TopicAdmin:
    return TopicAdmin(lambda: {"bootstrap.servers": TAKES_NO_CONNECTION}, replication_factor=1)


@pytest.mark.parametrize(
    "call",
    [
        lambda admin: admin.describe("t"),
        lambda admin: admin.create("t"),
        lambda admin: admin.delete(["t"]),
        lambda admin: admin.list_topics("t"),
        lambda admin: admin.configs.describe("t"),
        lambda admin: admin.configs.alter("t", {"retention.ms": "1"}),
        lambda admin: admin.configs.set_partitions("t", 2),
        lambda admin: admin.offsets.spans("t", 1),
        lambda admin: admin.offsets.delete_before("t", {0: 1}),
        lambda admin: GroupAdmin(admin.connected).names("t"),
        lambda admin: GroupAdmin(admin.connected).delete(["t"]),
    ],
    ids=[
        "describe",
        "create",
        "delete",
        "list",
        "configs",
        "alter",
        "partitions",
        "spans",
        "delete records",
        "groups",
        "delete groups",
    ],
)
def test_absent_broker_is_known_within_the_bound(
    admin: TopicAdmin, call: Callable[[TopicAdmin], object], promised: Callable[[float, float], None]
) -> None:
    started = time.monotonic()

    with pytest.raises(KafkaAwayError):
        call(admin)

    promised(time.monotonic() - started, BOUND_S + 2)
    admin.close()


def test_absent_broker_does_not_answer(admin: TopicAdmin) -> None:
    assert not admin.answers(timeout_s=0.2)


def test_client_that_cannot_be_made_is_a_broker_that_is_away() -> None:
    admin = TopicAdmin(lambda: {"bootstrap.servers": "x", "security.protocol": "none"}, replication_factor=1)

    with pytest.raises(KafkaAwayError):
        admin.describe("t")


def test_deleting_nothing_asks_nobody(admin: TopicAdmin) -> None:
    admin.delete([])
    admin.configs.alter("t", {})


@pytest.mark.parametrize(
    ("code", "away"),
    [
        (KafkaError._TRANSPORT, True),
        (KafkaError._TIMED_OUT, True),
        (KafkaError.NOT_CONTROLLER, True),
        (KafkaError.SASL_AUTHENTICATION_FAILED, True),
        (KafkaError.POLICY_VIOLATION, False),
        (KafkaError.INVALID_REPLICATION_FACTOR, False),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, False),
    ],
)
def test_not_now_and_no_are_told_apart(code: int, away: bool) -> None:
    assert is_away(KafkaError(code)) is away
