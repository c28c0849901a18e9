"""One event through Kafka, the way a client that has just started takes it."""

from __future__ import annotations

import json
import logging
import random
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
from octopus.kafka.asking import time_left
from octopus.kafka.sasl import NoVerdictError, present, sign
from octopus.kafka.servers import Address

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_CLIENT = "octopus-heartbeat"
_SIGN_IN_S = 10.0
"""At all brokers together."""
_CONNECT_S = 6.0
"""Of producer and consumer together."""
_RECORD_S = 6.0
"""To produce an event, and again to consume it: one that takes longer is lost to whoever waits for it.

All of it takes less than 30 s, so that a lease outlives what is done under it."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class KafkaFound:
    """How far a new client gets. What comes after the first thing that does not work is not tried."""

    reached: bool | None
    """Whether any broker speaks TLS with it; None where none was tried."""
    sign_in_s: float | None = None
    """From the first byte until a broker let it in; None where none did."""
    produced: bool = False
    """Whether every in-sync replica has the event."""
    consumed: bool | None = False
    """Whether that event was read or, where none could be produced, the newest that there is; None where none
    could be produced and there is none."""
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
        """How far a client gets now, within half a minute; names are looked up besides."""
        try:
            servers = self._servers()
            token, _ = sign(self._credentials(), region=self._region)
        except UnavailableError as error:
            _log.warning("heartbeat.brokers_unknown", reason=error.message)
            return KafkaFound(reached=False)
        except BotoCoreError as error:
            _log.warning("heartbeat.no_key", reason=type(error).__name__)
            return KafkaFound(reached=None)
        reached = False
        ends = time.monotonic() + _SIGN_IN_S
        # In another order each time: a broker that keeps a client waiting takes the time of those after it.
        for server in random.sample(servers, len(servers)):
            began = time.monotonic()
            if began >= ends:
                break
            try:
                verdict = present(server, self._ca_file, token, client=_CLIENT, ends=ends)
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
        except UnavailableError as error:
            _log.warning("heartbeat.brokers_unknown", reason=error.message)
        return KafkaFound(reached=True, sign_in_s=sign_in_s)

    def _through(self, sign_in_s: float) -> KafkaFound:
        # Idempotence would want a right to the cluster, for a record of which a second copy does no harm.
        producer = Producer(
            {
                **self._settings(),
                "client.id": _CLIENT,
                "acks": "all",
                "message.timeout.ms": int(_RECORD_S * 1000),
            },
            logger=logging.getLogger("librdkafka"),
        )
        # No group is joined and no offset committed; librdkafka looks for one's coordinator all the same.
        consumer = Consumer(
            {
                **self._settings(),
                "client.id": _CLIENT,
                "group.id": FULL_NAME,
                "enable.auto.commit": False,
            },
            logger=logging.getLogger("librdkafka"),
        )
        try:
            there = _connected(producer, consumer)
            began = time.monotonic()
            produced = _produce(producer)
            consumed: bool | None = False
            if produced is not None:
                consumed = _consume(consumer, produced)
            elif there is not None:
                # Of a topic that holds nothing any more nobody can say whether it can be read.
                consumed = _consume(consumer, there.stop - 1) if there else None
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


def _connected(producer: Producer, consumer: Consumer) -> range | None:
    """Connect both, and return the offsets of the events that there are; None where nobody says."""
    ends = time.monotonic() + _CONNECT_S
    try:
        producer.list_topics(FULL_NAME, timeout=time_left(ends))
        low, end = consumer.get_watermark_offsets(TopicPartition(FULL_NAME, 0), timeout=time_left(ends))
    except KafkaException as error:
        _log.warning("heartbeat.topic_not_seen", reason=_name(error.args[0]))
        return None
    return range(low, end)


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
    producer.flush(_RECORD_S + 0.5)  # librdkafka gives up first, and says why
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
