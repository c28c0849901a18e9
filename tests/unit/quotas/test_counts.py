"""What Kafka holds is asked for once for everybody."""

from __future__ import annotations

import pytest

from octopus.kafka.asking import KafkaAwayError, KafkaRefusedError
from octopus.quotas.counts import LIFE_S, Counts
from octopus.quotas.models import OfKafka
from tests.memory_kafka import MemoryGroups, MemoryKafka, MemoryQuotas


class Brokers(MemoryGroups):
    """Counts how often they are asked."""

    asked = 0

    def names(self, prefix: str) -> list[str]:
        self.asked += 1
        return super().names(prefix)


class Lab:
    """Counts on a clock of the test's."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.kafka = MemoryKafka()
        self.brokers = Brokers(self.kafka)
        self.ids = MemoryQuotas()
        self.counts = Counts(self.brokers, self.ids, clock=lambda: self.now)


@pytest.fixture
def lab() -> Lab:
    made = Lab()
    made.kafka.groups = {"ns-1.a": False, "ns-1.b": True, "ns-10.c": False, "ungoverned": False}
    made.ids.ids = ["lab.x"]
    return made


def test_whoever_asks_is_told_of_his_namespaces_by_one_question_for_all(lab: Lab) -> None:
    counted = [lab.counts.lately() for _ in range(3)]

    ours = OfKafka(groups=2, transactional_ids=1)
    assert [one and one.of({"ns-1", "lab"}) for one in counted] == [ours] * 3
    assert lab.brokers.asked == 1


def test_answer_is_asked_for_anew_once_it_is_old(lab: Lab) -> None:
    lab.counts.lately()
    lab.kafka.groups.clear()
    lab.now += LIFE_S - 1
    before = lab.counts.lately()
    lab.now += 1
    after = lab.counts.lately()

    assert before is not None
    assert before.of({"ns-1"}).groups == 2
    assert after is not None
    assert after.of({"ns-1"}).groups == 0


def test_brokers_that_are_away_are_left_alone_for_a_while(lab: Lab) -> None:
    lab.kafka.faults["groups"] = KafkaAwayError("timed out")

    assert [lab.counts.lately() for _ in range(3)] == [None] * 3
    assert lab.brokers.asked == 1
    lab.kafka.faults.clear()
    lab.now += LIFE_S

    assert lab.counts.lately() is not None


def test_census_answers_those_who_ask_next(lab: Lab) -> None:
    lab.counts.now()
    lab.kafka.groups.clear()

    counted = lab.counts.lately()

    assert counted is not None
    assert counted.of({"ns-1"}).groups == 2
    assert lab.brokers.asked == 1


def refuse() -> list[str]:
    raise KafkaRefusedError("Kafka refused to do this: ClusterAuthorizationFailedError")


def test_ids_that_brokers_do_not_list_are_not_asked_for_and_groups_are(lab: Lab) -> None:
    lab.ids.transactional_ids = refuse  # type: ignore[method-assign]
    counts = Counts(lab.brokers, lab.ids, ids_listed=False)

    counted = counts.now()

    assert counted.transactional_ids is None
    assert counted.of({"ns-1", "lab"}) == OfKafka(groups=2, transactional_ids=0)


def test_ids_that_brokers_refuse_to_list_are_not_taken_for_none(lab: Lab) -> None:
    lab.ids.transactional_ids = refuse  # type: ignore[method-assign]

    with pytest.raises(KafkaRefusedError):
        lab.counts.now()
