"""A client made of kafka-python and AWS's signer."""

from __future__ import annotations

from typing import Any

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from kafka import KafkaConsumer, KafkaProducer
from kafka.sasl.oauth import AbstractTokenProvider

from tests.integration.clients.python.lines import BOOTSTRAP_SERVERS, CA_FILE, REGION, serve


class Signer(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no types
    """A fresh token for each connection."""

    def __init__(self, profile: str) -> None:
        self._profile = profile

    def token(self) -> str:
        token, _ = MSKAuthTokenProvider.generate_auth_token_from_profile(REGION, self._profile)
        return str(token)


class Client:
    """One producer and one consumer at a time."""

    def __init__(self) -> None:
        self._producer: KafkaProducer | None = None
        self._consumer: KafkaConsumer | None = None

    def open_producer(self, profile: str, transactional_id: str | None, patience_s: int) -> None:
        self._producer = KafkaProducer(
            **_settings(profile),
            enable_idempotence=True,
            transactional_id=transactional_id,
            max_block_ms=patience_s * 1000,
        )
        if transactional_id is not None:
            self._producer.init_transactions()

    def send(self, topic: str, values: list[str]) -> None:
        assert self._producer is not None
        sent = [self._producer.send(topic, value.encode()) for value in values]
        for future in sent:
            future.get(60)

    def begin(self) -> None:
        assert self._producer is not None
        self._producer.begin_transaction()

    def commit(self) -> None:
        assert self._producer is not None
        self._producer.commit_transaction()

    def abort(self) -> None:
        assert self._producer is not None
        self._producer.abort_transaction()

    def close_producer(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=5)
        self._producer = None

    def open_consumer(
        self, profile: str, topic: str, group: str, protocol: str = "classic", max_wait_ms: int = 500
    ) -> None:
        assert protocol == "classic"
        self._consumer = KafkaConsumer(
            topic,
            **_settings(profile),
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level="read_committed",
            fetch_max_wait_ms=max_wait_ms,
            request_timeout_ms=max(60_000, max_wait_ms + 1000),
            connections_max_idle_ms=max(540_000, max_wait_ms + 2000),
        )

    def poll(self, seconds: float) -> list[tuple[int, int, str]]:
        """Partition, offset and value of the records that come in time; the first ones end the wait."""
        assert self._consumer is not None
        polled = self._consumer.poll(timeout_ms=int(seconds * 1000))
        return [
            (record.partition, record.offset, record.value.decode())
            for records in polled.values()
            for record in records
        ]

    def commit_offsets(self) -> None:
        assert self._consumer is not None
        self._consumer.commit()

    def close_consumer(self) -> None:
        if self._consumer is not None:
            self._consumer.close(autocommit=False)
        self._consumer = None


def _settings(profile: str) -> dict[str, Any]:
    return {
        "bootstrap_servers": BOOTSTRAP_SERVERS,
        # Two seconds by itself, which is little on a busy machine.
        "api_version_auto_timeout_ms": 15_000,
        "security_protocol": "SASL_SSL",
        "ssl_cafile": CA_FILE,
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": Signer(profile),
    }


if __name__ == "__main__":
    serve(Client())
