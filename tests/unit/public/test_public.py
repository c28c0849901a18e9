"""What everybody may read, how fast, and with how many consumers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from octopus.errors import InvalidError, NotFoundError, OverLimitError
from octopus.kafka.asking import KafkaAwayError
from octopus.public import reader as reading
from octopus.public.reader import LARGEST_RECORD, NoPartitionError, RecordReader
from octopus.public.service import PublicRecords
from octopus.topics.models import State
from octopus.topics.store import TopicStore


@dataclass
class FakeConsumer:
    """A consumer of one partition in memory."""

    records: list[Message] = field(default_factory=list)
    fails: Exception | None = None
    meanwhile: Callable[[], None] = lambda: None
    place: int = 0
    closed: bool = False

    def get_watermark_offsets(self, _place: TopicPartition, timeout: float) -> tuple[int, int]:
        self.meanwhile()
        if self.fails is not None:
            raise self.fails
        return 0, len(self.records)

    def assign(self, places: list[TopicPartition]) -> None:
        self.place = places[0].offset

    def unassign(self) -> None:
        self.place = -1

    def poll(self, _timeout: float) -> Message:
        if self.place == len(self.records):
            return Message(offset=self.place, error=KafkaError(KafkaError._PARTITION_EOF))
        self.place += 1
        return self.records[self.place - 1]

    def close(self) -> None:
        self.closed = True


def record(offset: int, value: bytes) -> Message:
    return Message(topic="lab.events", partition=0, offset=offset, value=value, timestamp=(1, 1000 + offset))


@pytest.fixture
def consumers(monkeypatch: pytest.MonkeyPatch) -> list[FakeConsumer]:
    """Every consumer that was connected, in order; nobody waits long for one."""
    made: list[FakeConsumer] = []
    monkeypatch.setattr(reading, "_WAIT_S", 0.05)
    return made


@pytest.fixture
def make_reader(
    monkeypatch: pytest.MonkeyPatch, consumers: list[FakeConsumer]
) -> Callable[..., RecordReader]:
    def make(
        *records: Message, fails: Exception | None = None, meanwhile: Callable[[], None] = lambda: None
    ) -> RecordReader:
        def connect(_reader: RecordReader) -> FakeConsumer:
            consumers.append(FakeConsumer(list(records), fails, meanwhile))
            return consumers[-1]

        monkeypatch.setattr(RecordReader, "_connect", connect)
        return RecordReader(dict)

    return make


@pytest.fixture
def store(database: Any, table: str) -> TopicStore:
    return TopicStore(database, table)


@pytest.fixture
def put(database: Any, table: str) -> Callable[..., None]:
    """Writes a topic as its feature does."""

    def write(*, public: bool = True, state: State = State.ACTIVE, namespace_state: str = "active") -> None:
        rows = (
            {"sk": {"S": "NAMESPACE"}, "owner": {"S": "project"}, "state": {"S": namespace_state}},
            {
                "sk": {"S": "TOPIC#events"},
                "state": {"S": state},
                "topic_id": {"S": "id-1"},
                "about": {"S": json.dumps({"public": True} if public else {})},
            },
        )
        for row in rows:
            database.put_item(TableName=table, Item={"pk": {"S": "NAMESPACE#lab"}, **row})

    return write


def public(
    store: TopicStore, reader: RecordReader, *, requests: int = 100, replicas: int = 1
) -> PublicRecords:
    return PublicRecords(store, reader, requests=requests, replicas=replicas)


def read(records: PublicRecords, offset: str = "earliest", topic: str = "events") -> Any:
    return records.read("lab", topic, partition=0, offset=offset, limit=10)


@pytest.mark.parametrize(
    "refused",
    [
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    ],
)
@pytest.mark.parametrize("asked", ["where it begins", "for a record"])
def test_refusal_of_the_services_own_reader_is_kafka_that_is_away(
    store: TopicStore,
    put: Callable[..., None],
    make_reader: Callable[..., RecordReader],
    consumers: list[FakeConsumer],
    refused: int,
    asked: str,
) -> None:
    """Brokers do not know its rights for a while, once their judge was away."""
    put()
    error = KafkaError(refused)
    if asked == "for a record":
        reader = make_reader(Message(error=error), record(1, b"b"))
    else:
        reader = make_reader(record(0, b"a"), fails=KafkaException(error))
    with pytest.raises(KafkaAwayError, match=error.name()):
        read(public(store, reader))
    # The next request has a new connection.
    assert consumers[0].closed


def test_consumer_is_kept_for_the_next_request_and_closed_at_the_end(
    store: TopicStore,
    put: Callable[..., None],
    make_reader: Callable[..., RecordReader],
    consumers: list[FakeConsumer],
) -> None:
    put()
    records = public(store, make_reader(record(0, b"a"), record(1, b"b")))
    assert [each.offset for each in read(records).records] == [0, 1]
    assert [each.offset for each in read(records, "1").records] == [1]
    assert len(consumers) == 1
    records.close()
    assert consumers[0].closed


@pytest.mark.parametrize(
    "topic",
    [
        {"public": False},
        {"state": State.CREATING},
        {"state": State.RECREATING},
        {"state": State.DELETING},
        {"namespace_state": "deleting"},
        {"namespace_state": "ended"},
    ],
    ids=str,
)
def test_topic_that_is_not_open_is_not_read(
    store: TopicStore,
    put: Callable[..., None],
    make_reader: Callable[..., RecordReader],
    consumers: list[FakeConsumer],
    topic: dict[str, Any],
) -> None:
    put(**topic)
    with pytest.raises(NotFoundError, match=r"^Not Found$"):
        read(public(store, make_reader(record(0, b"a"))))
    assert consumers == []


@pytest.mark.parametrize(
    ("namespace", "topic"), [("l" * 3000, "events"), ("lab", "e" * 3000), ("lab#", "events"), ("lab", "a.b")]
)
def test_registry_is_not_asked_for_what_is_no_name(
    store: TopicStore,
    make_reader: Callable[..., RecordReader],
    monkeypatch: pytest.MonkeyPatch,
    namespace: str,
    topic: str,
) -> None:
    def find(_names: Any) -> Any:
        pytest.fail("the registry was asked")

    monkeypatch.setattr(store, "find", find)

    with pytest.raises(NotFoundError, match=r"^Not Found$"):
        public(store, make_reader()).read(namespace, topic, partition=0, offset="earliest", limit=10)


def test_topic_whose_settings_change_is_read_on(
    store: TopicStore, put: Callable[..., None], make_reader: Callable[..., RecordReader]
) -> None:
    put(state=State.CHANGING)
    assert len(read(public(store, make_reader(record(0, b"a")))).records) == 1


def test_rate_is_shared_by_all_callers_and_divided_among_replicas(
    store: TopicStore, put: Callable[..., None], make_reader: Callable[..., RecordReader]
) -> None:
    put()
    records = public(store, make_reader(), requests=3, replicas=1000)
    for _ in range(3):
        read(records)
    with pytest.raises(OverLimitError, match="at most 3 requests a second") as refused:
        read(records, topic="never-was")
    assert 900 <= refused.value.retry_after_s <= 1000


def test_no_rate_means_no_public_reading(
    store: TopicStore, put: Callable[..., None], make_reader: Callable[..., RecordReader]
) -> None:
    put()
    with pytest.raises(NotFoundError):
        read(public(store, make_reader(record(0, b"a")), requests=0))


@pytest.mark.parametrize("offset", ["", "-1", "1.0", "٣", "9" * 19, "newest"])
def test_offset_that_is_none_is_refused_before_anything_is_looked_up(
    store: TopicStore, make_reader: Callable[..., RecordReader], offset: str
) -> None:
    with pytest.raises(InvalidError, match="offset: must be"):
        read(public(store, make_reader()), offset)


def test_record_that_is_too_large_for_a_reply_comes_without_its_content(
    store: TopicStore, put: Callable[..., None], make_reader: Callable[..., RecordReader]
) -> None:
    put()
    large = b"x" * (LARGEST_RECORD + 1)
    answer = read(public(store, make_reader(record(0, large), record(1, b"small"))))
    [only] = answer.records
    assert (only.value, only.left_out, answer.next_offset) == (None, len(large), 1)


def test_partition_that_does_not_exist_is_named(
    store: TopicStore, put: Callable[..., None], make_reader: Callable[..., RecordReader]
) -> None:
    put()
    gone = KafkaException(KafkaError(KafkaError._UNKNOWN_PARTITION))
    with pytest.raises(InvalidError, match=r"lab\.events has no partition 0"):
        read(public(store, make_reader(fails=gone)))


def test_consumer_that_failed_is_not_used_again(
    make_reader: Callable[..., RecordReader], consumers: list[FakeConsumer]
) -> None:
    reader = make_reader(record(0, b"a"), fails=KafkaException(KafkaError(KafkaError._TRANSPORT)))
    for _ in range(2):
        with pytest.raises(KafkaAwayError):
            reader.read("lab.events", 0, offset=None, latest=False, limit=1)
    assert [each.closed for each in consumers] == [True, True]


def test_consumer_is_replaced_before_its_token_ends(
    make_reader: Callable[..., RecordReader], consumers: list[FakeConsumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_CONSUMER_LIFE_S", 0.0)
    reader = make_reader(record(0, b"a"))
    for _ in range(2):
        reader.read("lab.events", 0, offset=None, latest=False, limit=1)
    assert [each.closed for each in consumers] == [True, False]


def test_more_requests_than_consumers_are_told_to_come_again(
    make_reader: Callable[..., RecordReader], consumers: list[FakeConsumer]
) -> None:
    go_on, busy = threading.Event(), threading.Semaphore(0)

    def wait() -> None:
        busy.release()
        go_on.wait(20)

    reader = make_reader(record(0, b"a"), meanwhile=wait)

    def ask() -> None:
        reader.read("lab.events", 0, offset=None, latest=False, limit=1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
        busy.acquire()
    with pytest.raises(OverLimitError, match="as many requests as can be served"):
        ask()
    go_on.set()
    for thread in threads:
        thread.join()
    ask()
    assert len(consumers) == 4


def test_no_such_topic_is_told_apart_from_brokers_that_are_away_and_costs_no_connection(
    make_reader: Callable[..., RecordReader], consumers: list[FakeConsumer]
) -> None:
    reader = make_reader(fails=KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
    for _ in range(2):
        with pytest.raises(NoPartitionError):
            reader.read("lab.events", 0, offset=None, latest=False, limit=1)
    assert [each.closed for each in consumers] == [False]


def test_heartbeat_is_read_although_no_registry_knows_its_topic(
    store: TopicStore, make_reader: Callable[..., RecordReader]
) -> None:
    records = public(store, make_reader(record(0, b"a"), record(1, b"b")))

    reply = records.read("octopus", "heartbeat", partition=0, offset="1", limit=10)

    assert (reply.topic, reply.latest, [each.offset for each in reply.records]) == (
        "octopus.heartbeat",
        2,
        [1],
    )


@pytest.mark.parametrize("topic", ["audit", "readiness", "heartbeat.dead"])
def test_other_topics_of_the_platform_are_not_read(
    store: TopicStore, make_reader: Callable[..., RecordReader], topic: str
) -> None:
    with pytest.raises(NotFoundError, match=r"^Not Found$"):
        public(store, make_reader(record(0, b"a"))).read(
            "octopus", topic, partition=0, offset="earliest", limit=10
        )


def test_heartbeat_that_nobody_has_sent_yet_is_not_found(
    store: TopicStore, make_reader: Callable[..., RecordReader]
) -> None:
    fault = KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
    with pytest.raises(NotFoundError):
        public(store, make_reader(fails=fault)).read(
            "octopus", "heartbeat", partition=0, offset="earliest", limit=10
        )
