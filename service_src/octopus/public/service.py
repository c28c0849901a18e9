"""What of a fabric everybody may read, and how fast."""

from __future__ import annotations

import base64

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from octopus import aws
from octopus.addresses import Addresses
from octopus.errors import InvalidError, NotFoundError, OverLimitError
from octopus.heartbeat.names import FULL_NAME as HEARTBEAT
from octopus.kafka.client import own_client
from octopus.public.models import PublicHeader, PublicRecord, PublicRecordsReply
from octopus.public.reader import LARGEST_RECORD, NoPartitionError, RecordReader, headers_of, size_of
from octopus.rates import SharedRate
from octopus.settings import ServiceSettings
from octopus.topics.models import State
from octopus.topics.names import full_name, is_namespace_name, is_topic_name
from octopus.topics.store import TopicStore

EARLIEST, LATEST = "earliest", "latest"
_OWN = frozenset({HEARTBEAT})
"""The platform's topics that everybody may read; they are in no namespace, so that no registry knows them."""
_READABLE = frozenset({State.ACTIVE, State.CHANGING})


class PublicRecords:
    """Records of topics that their owners opened to everybody, and the heartbeat's. Safe between threads.

    Args:
        requests: a second, of all callers and replicas together; 0 for no public reading at all.
        replicas: of the service; each lets its share through.
    """

    def __init__(self, store: TopicStore, reader: RecordReader, *, requests: int, replicas: int) -> None:
        self._store = store
        self._reader = reader
        self._requests = requests
        self._rate = SharedRate(replicas=replicas)

    def read(
        self, namespace: str, topic: str, *, partition: int, offset: str, limit: int
    ) -> PublicRecordsReply:
        """Records of one partition of a public topic.

        Args:
            offset: a number, `EARLIEST` or `LATEST`.
            limit: the most records wanted.

        Raises:
            NotFoundError: no such topic, or not public: the same answer for either.
            InvalidError: the topic has no such partition, or ``offset`` is none.
            OverLimitError: too many ask at once.
            KafkaAwayError: no answer from Kafka.
        """
        start = _offset(offset)
        if self._requests == 0:
            raise _nothing()
        self._require_rate()
        name = full_name(namespace, topic)
        topic_id = None if name in _OWN else self._id_of_opened(namespace, topic)
        try:
            span = self._reader.read(name, partition, offset=start, latest=offset == LATEST, limit=limit)
        except NoPartitionError:
            if name in _OWN:
                raise _nothing() from None
            raise InvalidError(f"partition: {name} has no partition {partition}") from None
        records = [_shown(each) for each in span.records]
        return PublicRecordsReply(
            message=f"{len(records)} record{'' if len(records) == 1 else 's'} of {name}",
            topic=name,
            topic_id=topic_id,
            partition=partition,
            earliest=span.earliest,
            latest=span.latest,
            next_offset=span.next_offset,
            records=records,
        )

    def close(self) -> None:
        """Leave Kafka."""
        self._reader.close()

    def _id_of_opened(self, namespace: str, topic: str) -> str | None:
        """Kafka's id of a topic that its owner opened to everybody."""
        if not (is_namespace_name(namespace) and is_topic_name(topic)):
            raise _nothing()  # the registry has no room for keys of any length
        name = full_name(namespace, topic)
        record = self._store.find([name]).get(name)
        if record is None or not record.about.public or record.state not in _READABLE:
            raise _nothing()
        return record.topic_id

    def _require_rate(self) -> None:
        wait_s = self._rate.wait_s(self._requests)
        if wait_s is not None:
            raise OverLimitError(
                f"public records: at most {self._requests} requests a second, of everybody together",
                retry_after_s=wait_s,
            )


def open_public(settings: ServiceSettings, addresses: Addresses) -> PublicRecords:
    """The public records of one deployment; Kafka is connected to when somebody asks for the first ones."""
    return PublicRecords(
        TopicStore(aws.dynamodb(), settings.registry_table),
        RecordReader(own_client(settings, addresses)),
        requests=settings.public_requests,
        replicas=settings.service_replicas,
    )


def _offset(text: str) -> int | None:
    if text in (EARLIEST, LATEST):
        return None
    # What has more digits than any offset (a signed 64-bit number) is none.
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise InvalidError(f"offset: must be a number, `{EARLIEST}` or `{LATEST}`, received {text[:64]!r}")
    return int(text)


def _nothing() -> NotFoundError:
    # As the framework says it of an address that does not exist.
    return NotFoundError("Not Found")


def _shown(record: Message) -> PublicRecord:
    kind, moment = record.timestamp()
    size = size_of(record)
    too_large = size > LARGEST_RECORD
    return PublicRecord(
        offset=record.offset() or 0,
        timestamp=None if kind == TIMESTAMP_NOT_AVAILABLE else moment,
        key=None if too_large else _base64(record.key()),
        value=None if too_large else _base64(record.value()),
        headers=[]
        if too_large
        else [PublicHeader(name=name, value=_base64(value)) for name, value in headers_of(record)],
        left_out=size if too_large else None,
    )


def _base64(content: bytes | str | None) -> str | None:
    if content is None:
        return None
    data = content.encode() if isinstance(content, str) else content
    return base64.b64encode(data).decode()
