"""Topics by Kafka's own admin protocol: one shared client, every call bounded in time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus.kafka.asking import ASK_S, CHANGE_S, Answer, KafkaAwayError, answer_of, guarded, time_left
from octopus.kafka.configs import ConfigAdmin
from octopus.kafka.offsets import OffsetAdmin

_ASK_AGAIN_S = 0.05
_DESCRIBED_AT_ONCE = 500
_READINESS_TOPIC = "octopus.readiness"
"""Never exists: metadata of one absent topic is the cheapest question that needs a live broker."""

_UNKNOWN_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID)


@dataclass(frozen=True)
class KafkaTopic:
    """A topic as the brokers hold it."""

    name: str
    topic_id: str
    """Kafka's own id, in its base64 form: another one after the topic was deleted and made again."""
    partitions: int


class TopicAdmin:
    """Creates, deletes and describes topics. Safe to share between threads.

    Attributes:
        configs: their settings.
        offsets: where their logs begin and end.
    """

    def __init__(self, settings: Callable[[], dict[str, Any]], *, replication_factor: int) -> None:
        """
        Args:
            settings: gives librdkafka's settings when the client is first needed.
            replication_factor: of every topic made.
        """
        self._settings = settings
        self._replication_factor = replication_factor
        self._client: AdminClient | None = None
        self._lock = threading.Lock()
        self.configs = ConfigAdmin(self.connected)
        self.offsets = OffsetAdmin(self.connected)

    def create(
        self,
        name: str,
        *,
        unlike: str | None = None,
        partitions: int = 1,
        configs: Mapping[str, str] | None = None,
    ) -> KafkaTopic:
        """The topic, once the brokers show it; one that exists already is as good, whatever it is like.

        Args:
            partitions: how many it is made with.
            configs: by Kafka's name; what is not named is the brokers' default.
            unlike: topic id that the new topic must not have, when an old one of that name was just deleted.

        Raises:
            KafkaAwayError: it is not known whether the topic was made.
            KafkaRefusedError: it was not made.
        """
        ends = time.monotonic() + CHANGE_S
        made = False
        new = NewTopic(
            name,
            num_partitions=partitions,
            replication_factor=self._replication_factor,
            config=dict(configs or {}),
        )

        def attempt() -> KafkaTopic | None:
            # "Exists already" may speak of the old topic that is still going away: then ask to create again.
            nonlocal made
            made = made or self._make(new, ends) or unlike is None
            return self._describe([name], ends).get(name)

        topic = _until(attempt, lambda found: found is not None and found.topic_id != unlike, ends)
        if topic is None or topic.topic_id == unlike:
            raise KafkaAwayError(f"topic {name} was asked for and is not to be seen yet")
        return topic

    def delete(self, names: Sequence[str]) -> None:
        """None of these topics exists any more; one that did not is as good.

        Raises:
            KafkaAwayError: it is not known which of them were deleted.
            KafkaRefusedError: at least one was not deleted.
        """
        if not names:
            return
        ends = time.monotonic() + CHANGE_S

        def attempt() -> None:
            client = self.connected()
            done = client.delete_topics(
                list(names), operation_timeout=time_left(ends), request_timeout=time_left(ends)
            )
            for future in done.values():
                try:
                    answer_of(future, ends)
                except KafkaException as error:
                    if error.args[0].code() not in _UNKNOWN_TOPIC:
                        raise

        guarded(attempt, ", ".join(names))
        remaining = _until(lambda: self._describe(names, ends), lambda found: not found, ends)
        if remaining:
            raise KafkaAwayError(f"topics {', '.join(remaining)} were deleted and are still to be seen")

    def describe(self, name: str) -> KafkaTopic | None:
        """The topic, or None when Kafka has none of that name.

        Raises:
            KafkaAwayError: no answer.
        """
        ends = time.monotonic() + ASK_S
        return guarded(lambda: self._describe([name], ends).get(name), name)

    def list_topics(self, prefix: str) -> dict[str, KafkaTopic]:
        """Every topic whose name begins with ``prefix``, by name.

        Raises:
            KafkaAwayError: no answer.
        """
        ends = time.monotonic() + CHANGE_S

        def ask() -> dict[str, KafkaTopic]:
            names = sorted(
                name
                for name in self.connected().list_topics(timeout=time_left(ends)).topics
                if name.startswith(prefix)
            )
            found: dict[str, KafkaTopic] = {}
            for start in range(0, len(names), _DESCRIBED_AT_ONCE):
                found.update(self._describe(names[start : start + _DESCRIBED_AT_ONCE], ends))
            return found

        return guarded(ask, f"{prefix}*")

    def answers(self, *, timeout_s: float) -> bool:
        """Whether a broker answers within ``timeout_s``."""
        try:
            self.connected().list_topics(topic=_READINESS_TOPIC, timeout=timeout_s)
        except (KafkaException, KafkaAwayError):
            return False
        return True

    def close(self) -> None:
        """Leave the brokers; the next use connects again."""
        with self._lock:
            self._client = None

    def connected(self) -> AdminClient:
        """The one client of this process, connected when it is first needed.

        Raises:
            KafkaAwayError: its settings cannot be had.
        """
        with self._lock:
            if self._client is None:
                bounds = {
                    "socket.timeout.ms": 6000,
                    "socket.connection.setup.timeout.ms": 5000,
                    "reconnect.backoff.max.ms": 1000,
                    "allow.auto.create.topics": False,
                }
                try:
                    self._client = AdminClient(
                        {**self._settings(), **bounds}, logger=logging.getLogger("librdkafka")
                    )
                except KafkaException as error:
                    raise KafkaAwayError(str(error.args[0].name())) from error
            return self._client

    def _describe(self, names: Sequence[str], ends: float) -> dict[str, KafkaTopic]:
        if not names:
            return {}
        asked = self.connected().describe_topics(
            TopicCollection(list(names)), request_timeout=time_left(ends)
        )
        found = {}
        for name, future in asked.items():
            try:
                topic = answer_of(future, ends)
            except KafkaException as error:
                if error.args[0].code() in _UNKNOWN_TOPIC:
                    continue
                raise
            found[name] = KafkaTopic(name, str(topic.topic_id), len(topic.partitions))
        return found

    def _make(self, new: NewTopic, ends: float) -> bool:
        """Ask to create; False when a topic of that name exists."""
        done = self.connected().create_topics(
            [new], operation_timeout=time_left(ends), request_timeout=time_left(ends)
        )
        try:
            answer_of(done[new.topic], ends)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
            return False
        return True


def _until(ask: Callable[[], Answer], enough: Callable[[Answer], bool], ends: float) -> Answer:
    """The first answer that is enough, or the last one before the end."""
    attempts = Retrying(
        retry=retry_if_result(lambda answer: not enough(answer)),
        wait=wait_fixed(_ASK_AGAIN_S),
        stop=stop_after_delay(time_left(ends)),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return guarded(lambda: attempts(ask), "topics")
