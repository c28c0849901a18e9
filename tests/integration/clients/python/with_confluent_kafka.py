"""A client made of confluent-kafka (librdkafka) and AWS's signer."""

from __future__ import annotations

import time
from typing import Any

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer

from tests.integration.clients.python.lines import BOOTSTRAP_SERVERS, CA_FILE, REGION, serve


class Client:
    """One producer and one consumer at a time."""

    def __init__(self) -> None:
        self._producer: Producer | None = None
        self._consumer: Consumer | None = None
        self._refusals: list[KafkaError] = []
        self._patience_s = 0

    def open_producer(self, profile: str, transactional_id: str | None, patience_s: int) -> None:
        self._patience_s = patience_s
        settings: dict[str, Any] = {"enable.idempotence": True, "linger.ms": 0}
        if transactional_id is not None:
            settings["transactional.id"] = transactional_id
        self._producer = Producer(self._settings(profile) | settings)
        if transactional_id is not None:
            self._producer.init_transactions(self._patience_s)

    def send(self, topic: str, values: list[str]) -> None:
        assert self._producer is not None
        failed: list[KafkaError] = []

        def note(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error)

        for value in values:
            self._producer.produce(topic, value.encode(), on_delivery=note)
        deadline = time.monotonic() + self._patience_s
        while len(self._producer) and not self._refusals and time.monotonic() < deadline:
            self._producer.flush(0.1)
        for error in [*self._refusals, *failed]:
            raise KafkaException(error)
        assert len(self._producer) == 0

    def begin(self) -> None:
        assert self._producer is not None
        self._producer.begin_transaction()

    def commit(self) -> None:
        assert self._producer is not None
        self._producer.commit_transaction(self._patience_s)

    def abort(self) -> None:
        assert self._producer is not None
        self._producer.abort_transaction(self._patience_s)

    def close_producer(self) -> None:
        # What a refused producer still holds can never be sent; closing would wait for it.
        if self._producer is not None:
            self._producer.purge()
            self._producer.flush(1)
        self._producer = None
        self._refusals.clear()

    def open_consumer(
        self, profile: str, topic: str, group: str, protocol: str = "classic", max_wait_ms: int = 500
    ) -> None:
        settings: dict[str, Any] = {
            "group.id": group,
            "group.protocol": protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": max_wait_ms,
            "socket.timeout.ms": max(60_000, max_wait_ms),
        }
        self._consumer = Consumer(self._settings(profile) | settings)
        self._consumer.subscribe([topic])

    def poll(self, seconds: float) -> list[tuple[int, int, str]]:
        """Partition, offset and value of the records that come in time; the first ones end the wait."""
        assert self._consumer is not None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            records = self._consumer.consume(500, timeout=0.1)
            for error in [*self._refusals, *(record.error() for record in records)]:
                if error is not None:
                    raise KafkaException(error)
            if records:
                return [_seen(record) for record in records]
        return []

    def commit_offsets(self) -> None:
        assert self._consumer is not None
        self._consumer.commit(asynchronous=False)

    def close_consumer(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
        self._consumer = None
        self._refusals.clear()

    def _settings(self, profile: str) -> dict[str, Any]:
        def sign(_: str) -> tuple[str, float]:
            token, expires_ms = MSKAuthTokenProvider.generate_auth_token_from_profile(REGION, profile)
            # librdkafka signs anew when most of a token's life is over; here it is to see a changed key soon.
            return token, min(expires_ms / 1000, time.time() + 10)

        return {
            "bootstrap.servers": BOOTSTRAP_SERVERS,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": CA_FILE,
            "sasl.mechanisms": "OAUTHBEARER",
            "oauth_cb": sign,
            "error_cb": self._note,
        }

    def _note(self, error: KafkaError) -> None:
        if error.code() == KafkaError._AUTHENTICATION:
            self._refusals.append(error)


def _seen(record: Message) -> tuple[int, int, str]:
    partition, offset, value = record.partition(), record.offset(), record.value()
    assert partition is not None
    assert offset is not None
    assert value is not None
    return partition, offset, value.decode()


def _name(error: BaseException) -> str:
    if isinstance(error, KafkaException):
        return str(error.args[0].name())
    return type(error).__name__


if __name__ == "__main__":
    serve(Client(), _name)
