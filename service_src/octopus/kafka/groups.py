"""Consumer groups by Kafka's own admin protocol, to clear them away with their owner."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from octopus.kafka.asking import ASK_S, CHANGE_S, answer_of, guarded, time_left


class GroupAdmin:
    """Lists and deletes groups, of the classic protocol and of KIP-848. Safe to share between threads."""

    def __init__(self, client: Callable[[], AdminClient]) -> None:
        """
        Args:
            client: gives the process's one admin client (`TopicAdmin.connected`).
        """
        self._client = client

    def names(self, prefix: str) -> list[str]:
        """Every group whose name begins with ``prefix``, in order.

        Raises:
            KafkaAwayError: not every broker answered, and each knows some of the groups only.
            KafkaRefusedError: a broker will not tell.
        """
        ends = time.monotonic() + ASK_S

        def ask() -> list[str]:
            listed = answer_of(self._client().list_consumer_groups(request_timeout=time_left(ends)), ends)
            for fault in listed.errors:
                raise KafkaException(fault)
            return sorted(group.group_id for group in listed.valid if group.group_id.startswith(prefix))

        return guarded(ask, f"groups {prefix}*")

    def delete(self, names: Sequence[str]) -> list[str]:
        """Of these groups only those with members are left; one that did not exist is as good.

        Returns:
            Names of the groups that still have members, which Kafka deletes of no group.

        Raises:
            KafkaAwayError: it is not known which of them were deleted.
            KafkaRefusedError: at least one was not deleted.
        """
        if not names:
            return []
        ends = time.monotonic() + CHANGE_S

        def attempt() -> list[str]:
            asked = self._client().delete_consumer_groups(list(names), request_timeout=time_left(ends))
            in_use = []
            for name, future in asked.items():
                try:
                    answer_of(future, ends)
                except KafkaException as error:
                    code = error.args[0].code()
                    if code == KafkaError.NON_EMPTY_GROUP:
                        in_use.append(name)
                    elif code != KafkaError.GROUP_ID_NOT_FOUND:
                        raise
            return in_use

        return guarded(attempt, f"groups {', '.join(names)}")
