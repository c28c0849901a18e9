"""Client quotas and transactional ids: what librdkafka has no request for, by kafka-python.

Loading kafka-python takes half a second: who only may need it imports this module late.
kafka-python has the messages of the quotas and no method for them, so they are sent by the part of its
client that its own methods use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import kafka.errors
from kafka.admin import KafkaAdminClient
from kafka.net.sasl.oauth import AbstractTokenProvider
from kafka.protocol.admin import AlterClientQuotasRequest, DescribeClientQuotasRequest
from kafka.protocol.metadata import MetadataRequest
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from octopus.kafka.asking import ASK_S, KafkaAwayError, KafkaRefusedError

_ANY_NAME = 2
"""Match type of the protocol: every user's entity, the default one too."""

Answer = TypeVar("Answer")


class QuotaAdmin:
    """Quotas of users, as the brokers hold them. Safe to share between threads."""

    def __init__(self, settings: Callable[[], dict[str, Any]]) -> None:
        """
        Args:
            settings: gives librdkafka's settings when the client is first needed.
        """
        self._settings = settings
        self._client: Any = None
        self._lock = threading.Lock()

    def brokers(self) -> int:
        """How many brokers there are at this moment.

        Raises:
            KafkaAwayError: no answer.
        """
        # kafka-python's own question of this kind asks for more than this principal may know.
        request = MetadataRequest(topics=[], allow_auto_topic_creation=False)
        return self._asked(lambda client: len(_sent(client, request).brokers))

    def held(self) -> dict[str | None, dict[str, float]]:
        """The quotas of each user that has any, by Kafka's names of them; the default user's under None.

        Raises:
            KafkaAwayError: no answer.
            KafkaRefusedError: this principal may not ask.
        """
        request = DescribeClientQuotasRequest(components=[("user", _ANY_NAME, None)], strict=True)
        reply = self._asked(lambda client: _answered(client, request, lambda reply: [reply]))
        return {
            entry.entity[0].entity_name: {one.key: one.value for one in entry.values}
            for entry in reply.entries or ()
        }

    def alter(self, changes: Mapping[str | None, Mapping[str, float | None]]) -> None:
        """Set quotas of users, of the default user under None; a quota that is not named stays.

        Args:
            changes: values by Kafka's names; None takes one away.

        Raises:
            KafkaAwayError: it is not known which were set.
            KafkaRefusedError: at least one was not set.
        """
        if not changes:
            return
        entries = [
            (
                [("user", user)],
                [(key, 0.0 if value is None else value, value is None) for key, value in values.items()],
            )
            for user, values in changes.items()
        ]
        request = AlterClientQuotasRequest(entries=entries, validate_only=False)
        self._asked(lambda client: _answered(client, request, lambda reply: reply.entries))

    def transactional_ids(self) -> list[str]:
        """Every transactional id that the brokers know; they forget one after a week without use.

        Raises:
            KafkaAwayError: not every broker answered, and each knows some of them only.
            KafkaRefusedError: a broker will not tell.
        """
        listed = self._asked(lambda client: client.list_transactions())
        return [one.transactional_id for of_broker in listed.values() for one in of_broker]

    def close(self) -> None:
        """Leave the brokers; the next use connects again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _asked(self, ask: Callable[[Any], Answer]) -> Answer:
        """What the brokers say; every question may be asked twice."""
        attempts = Retrying(
            retry=retry_if_exception(_is_away),
            wait=wait_random_exponential(multiplier=0.1, max=0.5),
            stop=stop_after_delay(ASK_S),
            reraise=True,
        )
        try:
            return attempts(lambda: ask(self._connected()))
        except kafka.errors.KafkaError as error:
            if not _is_away(error):
                raise KafkaRefusedError(f"Kafka refused to do this: {type(error).__name__}") from error
            # Its connections may be in any state: the next question begins with new ones.
            self.close()
            raise KafkaAwayError(type(error).__name__) from error

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _Client(**_translated(self._settings()))
            return self._client


def _sent(client: Any, request: Any) -> Any:
    return client._manager.run(client._manager.send, request)


def _answered(client: Any, request: Any, parts: Callable[[Any], Iterable[Any]]) -> Any:
    """The reply, none of whose parts is an error."""
    reply = _sent(client, request)
    for part in parts(reply):
        error = kafka.errors.for_code(part.error_code)
        if error is not kafka.errors.NoError:
            raise error(part.error_message)
    return reply


def _is_away(error: BaseException) -> bool:
    """Whether the error says "not now" rather than "no"."""
    # A judge that is away looks like the last one.
    return isinstance(error, kafka.errors.RetriableError | kafka.errors.SaslAuthenticationFailedError)


def _translated(settings: Mapping[str, Any]) -> dict[str, Any]:
    """kafka-python's settings for librdkafka's."""
    told: dict[str, Any] = {
        "bootstrap_servers": settings["bootstrap.servers"].split(","),
        "security_protocol": settings["security.protocol"],
        "sasl_mechanism": settings["sasl.mechanisms"],
        "ssl_cafile": settings.get("ssl.ca.location"),
        "request_timeout_ms": int(ASK_S * 1000),
        "bootstrap_timeout_ms": int(ASK_S * 1000),
        "reconnect_backoff_max_ms": 1000,
        "connections_max_idle_ms": 40_000,  # before the brokers do
    }
    if "oauth_cb" in settings:
        return {**told, "sasl_oauth_token_provider": _Tokens(settings["oauth_cb"])}
    return {
        **told,
        "sasl_plain_username": settings["sasl.username"],
        "sasl_plain_password": settings["sasl.password"],
    }


class _Client(KafkaAdminClient):  # type: ignore[misc]  # kafka-python has no types
    """Leaves no thread and no socket behind when it cannot connect."""

    def __init__(self, **settings: Any) -> None:
        self._closed = False  # without it, `close` takes the client for closed
        try:
            super().__init__(**settings)
        except kafka.errors.KafkaError:
            self.close()
            raise


class _Tokens(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no types
    """A fresh token for each connection."""

    def __init__(self, sign: Callable[[str], tuple[str, float]]) -> None:
        super().__init__()
        self._sign = sign

    def token(self) -> str:
        """See `AbstractTokenProvider.token`."""
        return self._sign("")[0]
