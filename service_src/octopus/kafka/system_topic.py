"""A topic that the platform itself writes to, made when it is first needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import KafkaException, Producer

from octopus.errors import OctopusError
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.asking import CHANGE_S

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is written."""

    key: str | None
    value: bytes
    headers: Mapping[str, str]


class SystemTopic:
    """Appends records to one topic, of one partition. For one thread."""

    def __init__(
        self,
        name: str,
        *,
        admin: TopicAdmin,
        settings: Callable[[], dict[str, Any]],
        configs: Mapping[str, str],
    ) -> None:
        """
        Args:
            name: of the topic.
            admin: makes it.
            settings: gives librdkafka's settings when something is first written.
            configs: of the topic, by Kafka's names.
        """
        self.name = name
        self._admin = admin
        self._settings = settings
        self._configs = configs
        self._producer: Producer | None = None

    def append(self, records: Sequence[Record]) -> list[bool]:
        """Of each record, whether every in-sync replica has it; of the others nobody knows.

        To be called now and then with no records, too: an open connection is kept up by that.
        """
        acknowledged = [False] * len(records)

        def noting(position: int) -> Callable[[object, object], None]:
            def note(error: object, _message: object) -> None:
                acknowledged[position] = error is None

            return note

        try:
            producer = self._open(wanted=bool(records))
            if producer is None:
                return acknowledged
            for position, record in enumerate(records):
                producer.produce(
                    self.name,
                    key=record.key,
                    value=record.value,
                    headers=list(record.headers.items()),
                    on_delivery=noting(position),
                )
            producer.flush(CHANGE_S)
        except (BufferError, KafkaException, OctopusError) as error:
            _log.warning("system_topic.not_written", topic=self.name, reason=str(error)[:200])
            self.close()
        if not all(acknowledged):
            # With a new one, the topic is made again if somebody deleted it.
            self.close()
        return acknowledged

    def close(self) -> None:
        """Leave the brokers; what was not acknowledged is not tried any further."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()
            producer.poll(0)

    def _open(self, *, wanted: bool) -> Producer | None:
        if self._producer is None and wanted:
            self._admin.create(self.name, configs=self._configs)
            settings = {
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": int(CHANGE_S * 1000),
                "socket.connection.setup.timeout.ms": 5000,
                "reconnect.backoff.max.ms": 1000,
            }
            self._producer = Producer(
                {**self._settings(), **settings}, logger=logging.getLogger("librdkafka")
            )
        elif self._producer is not None:
            self._producer.poll(0)
        return self._producer
