"""What becomes of an event once a broker has let the client in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.credentials import Credentials
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from octopus.heartbeat import kafka_probe
from octopus.heartbeat.kafka_probe import KafkaFound, KafkaProbe
from octopus.kafka.asking import KafkaAwayError

SIGN_IN_S = 0.1


class Topic:
    """The heartbeat's, with a producer and a consumer of it."""

    def __init__(self, low: int, end: int, *, takes: bool, seen: bool = True) -> None:
        self.low, self.end = low, end
        self.takes, self.seen = takes, seen
        self.place = 0

    def connected(self, settings: dict[str, Any], **_: object) -> Topic:
        """As a client is made."""
        assert settings["client.id"] == "octopus-heartbeat"
        return self

    def list_topics(self, _name: str, timeout: float) -> None:
        if not self.seen:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))

    def get_watermark_offsets(self, _place: TopicPartition, timeout: float) -> tuple[int, int]:
        return self.low, self.end

    def produce(self, _name: str, value: str, on_delivery: Callable[[Any, Any], None]) -> None:
        if self.takes:
            self.end += 1
            on_delivery(None, Message(offset=self.end - 1, value=value.encode()))
        else:
            on_delivery(KafkaError(KafkaError._MSG_TIMED_OUT), None)

    def flush(self, _timeout: float) -> None:
        pass

    def assign(self, places: list[TopicPartition]) -> None:
        self.place = places[0].offset

    def poll(self, timeout: float) -> Message | None:
        if timeout == 0:
            return None  # the producer's
        # What is out of range never comes; the test has no time for that.
        assert self.low <= self.place < self.end
        return Message(offset=self.place)

    def purge(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("topic", "produced", "consumed"),
    [
        (Topic(0, 0, takes=True), True, True),
        (Topic(5, 9, takes=True), True, True),
        (Topic(5, 9, takes=False), False, True),
        (Topic(9, 9, takes=False), False, None),
        (Topic(0, 0, takes=False), False, None),
        (Topic(5, 9, takes=False, seen=False), False, False),
    ],
    ids=["new", "usual", "takes none", "takes none for a day", "never took any", "not seen"],
)
def test_event_or_else_the_newest_is_consumed(
    monkeypatch: pytest.MonkeyPatch, topic: Topic, produced: bool, consumed: bool | None
) -> None:
    monkeypatch.setattr(kafka_probe, "Producer", topic.connected)
    monkeypatch.setattr(kafka_probe, "Consumer", topic.connected)

    found = probe(dict)._round_trip(SIGN_IN_S)

    assert (found.reached, found.sign_in_s) == (True, SIGN_IN_S)
    assert (found.produced, found.consumed) == (produced, consumed)
    assert (found.round_trip_s is not None) == (produced and bool(consumed))


def test_brokers_that_nobody_names_any_more_let_nothing_through() -> None:
    def unknown() -> dict[str, Any]:
        raise KafkaAwayError("no address")

    assert probe(unknown)._round_trip(SIGN_IN_S) == KafkaFound(reached=True, sign_in_s=SIGN_IN_S)


def probe(settings: Callable[[], dict[str, Any]]) -> KafkaProbe:
    return KafkaProbe(
        servers=list,
        settings=settings,
        credentials=lambda: Credentials("AKIAEXAMPLE", "secret"),
        region="us-east-1",
        ca_file=None,
    )
