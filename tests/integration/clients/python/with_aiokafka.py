"""A client made of aiokafka and AWS's signer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider
from aiokafka.helpers import create_ssl_context
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider

from tests.integration.clients.python.lines import BOOTSTRAP_SERVERS, CA_FILE, REGION, serve

Result = TypeVar("Result")


class Signer(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """A fresh token for each connection."""

    def __init__(self, profile: str) -> None:
        self._profile = profile

    async def token(self) -> str:
        token, _ = await asyncio.to_thread(
            MSKAuthTokenProvider.generate_auth_token_from_profile, REGION, self._profile
        )
        return str(token)


class Client:
    """One producer and one consumer at a time, on a loop that runs between requests too."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._producer: AIOKafkaProducer | None = None
        self._consumer: AIOKafkaConsumer | None = None

    def open_producer(self, profile: str, transactional_id: str | None, patience_s: int) -> None:
        async def open_() -> None:
            self._producer = AIOKafkaProducer(
                **_settings(profile), enable_idempotence=True, transactional_id=transactional_id
            )
            # With a token that is refused it would try for ever.
            async with asyncio.timeout(patience_s):
                await self._producer.start()

        self._run(open_())

    def send(self, topic: str, values: list[str]) -> None:
        async def send() -> None:
            assert self._producer is not None
            sent = [await self._producer.send(topic, value.encode()) for value in values]
            async with asyncio.timeout(60):
                await asyncio.gather(*sent)

        self._run(send())

    def begin(self) -> None:
        assert self._producer is not None
        self._run(self._producer.begin_transaction())

    def commit(self) -> None:
        assert self._producer is not None
        self._run(self._producer.commit_transaction())

    def abort(self) -> None:
        assert self._producer is not None
        self._run(self._producer.abort_transaction())

    def close_producer(self) -> None:
        if self._producer is not None:
            self._run(self._producer.stop())
        self._producer = None

    def open_consumer(
        self, profile: str, topic: str, group: str, protocol: str = "classic", max_wait_ms: int = 500
    ) -> None:
        assert protocol == "classic"

        async def open_() -> None:
            self._consumer = AIOKafkaConsumer(
                topic,
                **_settings(profile),
                group_id=group,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                isolation_level="read_committed",
                fetch_max_wait_ms=max_wait_ms,
                request_timeout_ms=max(40_000, max_wait_ms + 1000),
            )
            await self._consumer.start()

        self._run(open_())

    def poll(self, seconds: float) -> list[tuple[int, int, str]]:
        """Partition, offset and value of the records that come in time; the first ones end the wait."""
        assert self._consumer is not None
        polled = self._run(self._consumer.getmany(timeout_ms=int(seconds * 1000)))
        return [
            (record.partition, record.offset, record.value.decode())
            for records in polled.values()
            for record in records
        ]

    def commit_offsets(self) -> None:
        assert self._consumer is not None
        self._run(self._consumer.commit())

    def close_consumer(self) -> None:
        if self._consumer is not None:
            self._run(self._consumer.stop())
        self._consumer = None

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _settings(profile: str) -> dict[str, Any]:
    return {
        "bootstrap_servers": BOOTSTRAP_SERVERS,
        "security_protocol": "SASL_SSL",
        "ssl_context": create_ssl_context(cafile=CA_FILE),
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": Signer(profile),
    }


if __name__ == "__main__":
    serve(Client())
