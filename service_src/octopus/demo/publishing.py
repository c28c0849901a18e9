"""An ordinary Kafka producer that accounts for every event."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from octopus.demo.errors import DeliveryError
from octopus.demo.events import Event, encode

_FLUSH_S = 30


@dataclass
class Delivered:
    """What the brokers acknowledged."""

    events: int = 0
    bytes: int = 0
    """Keys and values, uncompressed."""


class Publisher:
    """Numbers events and sends them, each once, in order, to every in-sync replica, or says what failed."""

    def __init__(self, kafka_settings: Mapping[str, Any], topic: str) -> None:
        self._topic = topic
        self._sent = 0
        self._failure: str | None = None
        self.delivered = Delivered()
        self._producer = Producer(
            {
                **kafka_settings,
                "acks": "all",
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": 2,
                "delivery.timeout.ms": _FLUSH_S * 1000,
            }
        )

    def send(self, event: Event) -> None:
        """Queue an event, waiting for room when the brokers are slow.

        Raises:
            DeliveryError: an earlier one was not acknowledged.
        """
        key, value = encode(dataclasses.replace(event, sequence=self._sent))
        while True:
            self.poll()
            try:
                self._producer.produce(self._topic, value=value, key=key, on_delivery=self._on_delivery)
            except BufferError:
                self._producer.poll(0.1)
                continue
            self._sent += 1
            return

    def poll(self) -> None:
        """Take the brokers' answers.

        Raises:
            DeliveryError: one of them is a refusal.
        """
        self._producer.poll(0)
        if self._failure is not None:
            raise DeliveryError(f"An event was not written to {self._topic}: {self._failure}")

    def flush(self) -> None:
        """Wait until every event sent so far is acknowledged.

        Raises:
            DeliveryError: one was not, within 30 s.
        """
        self._producer.flush(_FLUSH_S)
        self.poll()
        if self.delivered.events != self._sent:
            raise DeliveryError(
                f"{self._sent - self.delivered.events} of {self._sent} events were not acknowledged within "
                f"{_FLUSH_S} s"
            )

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failure = self._failure or error.str()
            return
        self.delivered.events += 1
        self.delivered.bytes += len(message.key() or b"") + len(message.value() or b"")
