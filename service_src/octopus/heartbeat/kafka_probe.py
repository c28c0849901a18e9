"""One event through Kafka, the way a client that has just started takes it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import BotoCoreError
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from octopus.errors import UnavailableError
from octopus.heartbeat.names import FULL_NAME
from octopus.kafka.sasl import NoVerdictError, present, sign
from octopus.kafka.servers import Address

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_CONNECT_S = 8.0
_RECORD_S = 12.0
"""An event that takes longer is lost to whoever waits for it. All of a round takes less than a minute."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class KafkaFound:
    """How far a new client gets. What comes after the first thing that does not work is not tried."""

    reached: bool
    """Whether any broker speaks TLS with it."""
    sign_in_s: float | None = None
    """From the first byte until a broker let it in; None where none did."""
    produced: bool = False
    """Whether every in-sync replica has the event."""
    consumed: bool = False
    """Whether that event was read or, where none could be produced, the newest that there is."""
    round_trip_s: float | None = None
    """From producing the event to having consumed it, on connections that were open."""


class KafkaProbe:
    """A new client each time, with new connections.

    Args:
        servers: gives the bootstrap servers.
        settings: gives librdkafka's settings.
        credentials: gives the AWS key to sign in with.
        region: that tokens are signed for.
        ca_file: PEM bundle that signs the brokers' certificates; the system's roots when None.
    """

    def __init__(
        self,
        *,
        servers: Callable[[], Sequence[Address]],
        settings: Callable[[], dict[str, Any]],
        credentials: Callable[[], Credentials],
        region: str,
        ca_file: Path | None,
    ) -> None:
        self._servers = servers
        self._settings = settings
        self._credentials = credentials
        self._region = region
        self._ca_file = ca_file

    def look(self) -> KafkaFound:
        """How far a client gets now, within fifty seconds."""
        reached = False
        try:
            servers = self._servers()
        except UnavailableError as error:
            _log.warning("heartbeat.brokers_unknown", reason=error.message)
            return KafkaFound(reached=False)
        for server in servers:
            try:
                token, _ = sign(self._credentials(), region=self._region)
                began = time.monotonic()
                verdict = present(server, self._ca_file, token)
            except BotoCoreError as error:
                _log.warning("heartbeat.no_key", reason=type(error).__name__)
            except NoVerdictError as error:
                reached = True
                _log.warning("heartbeat.no_verdict", reason=str(error))
            except OSError as error:
                _log.warning("heartbeat.not_reached", broker=str(server), reason=type(error).__name__)
            else:
                reached = True
                if verdict.refusal is None:
                    return self._round_trip(time.monotonic() - began)
                _log.warning("heartbeat.refused", broker=str(server), reason=verdict.refusal)
        return KafkaFound(reached=reached)

    def _round_trip(self, sign_in_s: float) -> KafkaFound:
        try:
            return self._through(sign_in_s)
        except KafkaException as error:
            _log.warning("heartbeat.not_through", reason=_name(error.args[0]))
            return KafkaFound(reached=True, sign_in_s=sign_in_s)

    def _through(self, sign_in_s: float) -> KafkaFound:
        # Idempotence would want a right to the cluster, for a record of which a second copy does no harm.
        producer = Producer(
            {**self._settings(), "acks": "all", "message.timeout.ms": int(_RECORD_S * 1000)},
            logger=logging.getLogger("librdkafka"),
        )
        # No group is joined and no offset committed; librdkafka looks for one's coordinator all the same.
        consumer = Consumer(
            {**self._settings(), "group.id": FULL_NAME, "enable.auto.commit": False},
            logger=logging.getLogger("librdkafka"),
        )
        try:
            newest = _connected(producer, consumer)
            began = time.monotonic()
            produced = _produce(producer)
            offset = newest if produced is None else produced
            consumed = offset is not None and _consume(consumer, offset)
            complete = produced is not None and consumed
            return KafkaFound(
                reached=True,
                sign_in_s=sign_in_s,
                produced=produced is not None,
                consumed=consumed,
                round_trip_s=time.monotonic() - began if complete else None,
            )
        finally:
            consumer.close()
            producer.purge()
            producer.poll(0)


def _connected(producer: Producer, consumer: Consumer) -> int | None:
    """Connect both, and return the offset of the newest event; None where there is none."""
    try:
        producer.list_topics(FULL_NAME, timeout=_CONNECT_S)
        _, end = consumer.get_watermark_offsets(TopicPartition(FULL_NAME, 0), timeout=_CONNECT_S)
    except KafkaException as error:
        _log.warning("heartbeat.topic_not_seen", reason=_name(error.args[0]))
        return None
    return end - 1 if end > 0 else None


def _produce(producer: Producer) -> int | None:
    """The offset of a new event once it is acknowledged; None when it is not."""
    offsets: list[int] = []

    def delivered(error: KafkaError | None, message: Any) -> None:
        if error is None:
            offsets.append(message.offset())
        else:
            _log.warning("heartbeat.not_produced", reason=_name(error))

    value = json.dumps({"sent": datetime.now(UTC).isoformat(timespec="milliseconds")})
    producer.produce(FULL_NAME, value=value, on_delivery=delivered)
    producer.flush(_RECORD_S + 1)
    return offsets[0] if offsets else None


def _consume(consumer: Consumer, offset: int) -> bool:
    ends = time.monotonic() + _RECORD_S
    consumer.assign([TopicPartition(FULL_NAME, 0, offset)])
    while (left := ends - time.monotonic()) > 0:
        message = consumer.poll(left)
        if message is None:
            continue
        fault = message.error()
        if fault is None:
            return message.offset() == offset
        _log.warning("heartbeat.not_consumed", reason=_name(fault))
    return False


def _name(error: KafkaError) -> str:
    return str(error.name())
