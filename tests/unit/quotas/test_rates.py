"""What brokers hold people to is what the settings and the registry say, divided."""

from __future__ import annotations

import pytest

from octopus.kafka.asking import KafkaRefusedError
from octopus.kafka.kinds import KINDS
from octopus.quotas.models import Holder, Limit
from octopus.quotas.rates import (
    DEFAULT_USER,
    NO_LIMIT,
    PLATFORM,
    KafkaRates,
    changed_quotas,
    wanted_quotas,
)
from tests.memory_kafka import MemoryQuotas
from tests.unit.quotas.conftest import DEFAULTS, SUBJECT, World

STRANGER = "campus-admin"


def aligned(world: World) -> dict[str | None, dict[str, float]]:
    KafkaRates(store=world.store, kafka=world.client_quotas, defaults=DEFAULTS).align()
    return world.client_quotas.held()


def test_rates_are_divided_by_the_number_of_brokers(world: World) -> None:
    world.client_quotas.count = 3

    assert aligned(world)[DEFAULT_USER] == {"producer_byte_rate": 333.0, "request_percentage": 50 / 3}


def test_more_brokers_have_smaller_shares(world: World) -> None:
    aligned(world)
    world.client_quotas.count = 4

    assert aligned(world)[DEFAULT_USER]["producer_byte_rate"] == 250.0


def test_share_is_never_nothing() -> None:
    wanted = wanted_quotas({**DEFAULTS, Limit.PRODUCE_BYTES: 1}, {}, brokers=3)

    assert wanted[DEFAULT_USER]["producer_byte_rate"] == 1.0


def test_platform_is_held_to_nothing(world: World) -> None:
    held = aligned(world)

    for name in PLATFORM:
        assert set(held[name].values()) == {NO_LIMIT}
        assert set(held[name]) == {"producer_byte_rate", "consumer_byte_rate", "request_percentage"}


def test_own_rate_takes_the_place_of_everybodys(world: World) -> None:
    world.quotas.set(Holder(SUBJECT, False), {Limit.PRODUCE_BYTES: 7, Limit.TOPICS: 9})

    assert aligned(world)[SUBJECT] == {"producer_byte_rate": 7.0}


def test_own_rate_may_be_no_limit(world: World) -> None:
    world.quotas.set(Holder(SUBJECT, False), {Limit.PRODUCE_BYTES: 0})

    assert aligned(world)[SUBJECT] == {"producer_byte_rate": NO_LIMIT}


def test_rate_that_was_taken_back_is_taken_from_the_brokers(world: World) -> None:
    world.quotas.set(Holder(SUBJECT, False), {Limit.PRODUCE_BYTES: 7})
    aligned(world)
    world.quotas.set(Holder(SUBJECT, False), dict.fromkeys(Limit))

    assert SUBJECT not in aligned(world)


def test_no_limit_for_everybody_takes_the_default_away(world: World) -> None:
    aligned(world)
    none = {**DEFAULTS, Limit.PRODUCE_BYTES: 0, Limit.REQUEST_PERCENT: 0}

    KafkaRates(store=world.store, kafka=world.client_quotas, defaults=none).align()

    assert DEFAULT_USER not in world.client_quotas.held()


def test_principals_of_others_are_left_alone(world: World) -> None:
    world.client_quotas.users[STRANGER] = {"producer_byte_rate": 5.0}

    assert aligned(world)[STRANGER] == {"producer_byte_rate": 5.0}


def test_quota_of_another_kind_is_left_alone() -> None:
    held: dict[str | None, dict[str, float]] = {
        SUBJECT: {"controller_mutation_rate": 1.0, "producer_byte_rate": 1.0}
    }

    assert changed_quotas({}, held) == {SUBJECT: {"producer_byte_rate": None}}


def test_nothing_is_changed_that_is_as_it_should_be(world: World) -> None:
    held = aligned(world)

    assert changed_quotas(wanted_quotas(DEFAULTS, {}, brokers=1), held) == {}


class Unwilling(MemoryQuotas):
    """Brokers that refuse quotas: those of MSK Serverless, or any whose service lost its right to them."""

    asked = 0

    def held(self) -> dict[str | None, dict[str, float]]:
        self.asked += 1
        raise KafkaRefusedError("Kafka refused to do this: ClusterAuthorizationFailedError")


def test_brokers_of_a_kind_that_takes_no_quotas_are_left_alone_and_it_is_said(world: World) -> None:
    brokers = Unwilling()
    taken = KINDS["msk-serverless"].takes_quotas
    rates = KafkaRates(store=world.store, kafka=brokers, defaults=DEFAULTS, taken=taken)

    rates.align()

    assert brokers.asked == 0
    assert rates.refused == "Nobody is held to a rate at Kafka: brokers of this kind take no quotas"


@pytest.mark.parametrize("kafka", sorted(KINDS.keys() - {"msk-serverless"}))
def test_refusal_of_any_other_brokers_is_an_error_each_time(world: World, kafka: str) -> None:
    brokers, taken = Unwilling(), KINDS[kafka].takes_quotas
    rates = KafkaRates(store=world.store, kafka=brokers, defaults=DEFAULTS, taken=taken)

    for _ in range(2):
        with pytest.raises(KafkaRefusedError):
            rates.align()

    assert (brokers.asked, rates.refused) == (2, None)
