"""Consumer groups that a caller may use: which there are, how far behind, and setting them elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from octopus.errors import ForbiddenError, NotFoundError, OctopusError, UnavailableError
from octopus.groups.models import Group, Move, PartitionLag
from octopus.groups.targets import Anchor, Selection, Target, destination
from octopus.kafka.asking import is_away

ANSWER_S = 20.0
"""One question; a person waits at the terminal."""

Partition = tuple[str, int]
_EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
_LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]
_MEMBERSHIP: Final = (
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.NON_EMPTY_GROUP,
    KafkaError.STALE_MEMBER_EPOCH,
    KafkaError.REBALANCE_IN_PROGRESS,
)
"""What a coordinator answers to a commit from outside while the group has members."""


class GroupInUseError(OctopusError):
    """The group has members, which alone may move it."""


class Groups:
    """Consumer groups as one key may see and change them, classic and KIP-848 alike."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """
        Args:
            settings: librdkafka's, with the caller's key (`octopus.kafka.client.client_settings`).
        """
        self._admin = AdminClient(dict(settings), logger=logging.getLogger("librdkafka"))

    def list(self) -> Sequence[Group]:
        """Every group that the key may describe, in order of name.

        Raises:
            UnavailableError: not every broker answers, and each knows some of the groups only.
        """
        listed = _answer(self._admin.list_consumer_groups(request_timeout=ANSWER_S), "groups")
        for fault in listed.errors:
            raise _refusal(fault, "groups")
        listings = {group.group_id: group for group in listed.valid}
        found = []
        for name, asked in self._ask(list(listings)).items():
            try:
                described = _answer(asked, f"group {name}")
            except ForbiddenError:
                # Another member of a project reads with it what is shared with him alone.
                found.append(_undescribed(listings[name]))
            else:
                found += [_group(described)] if _exists(described) else []
        return sorted(found, key=lambda group: group.name)

    def describe(self, name: str) -> Group:
        """The group.

        Raises:
            NotFoundError: there is none of that name.
            ForbiddenError: the key may not describe it.
            UnavailableError: the brokers do not answer.
        """
        found = self._described(name)
        if not _exists(found):
            raise NotFoundError(f"There is no consumer group {name}")
        return _group(found)

    def lag(self, name: str) -> Sequence[PartitionLag]:
        """How far the group is behind, in every partition of each topic that it ever committed or now reads.

        Raises:
            NotFoundError, ForbiddenError, UnavailableError: as `describe`.
        """
        self.describe(name)
        committed = self._committed(name)
        assigned = self._assigned(name)
        partitions: list[Partition] = []
        seen: list[Partition] = []
        for topic in sorted({topic for topic, _ in {*committed, *assigned}}):
            try:
                of_topic = self._partitions(topic)
            except ForbiddenError:
                partitions += sorted(one for one in assigned if one[0] == topic)
            else:
                partitions += of_topic
                seen += of_topic
        ends = self._offsets(seen, _LATEST)
        return [
            PartitionLag(
                topic=topic,
                partition=partition,
                committed=committed.get((topic, partition)),
                end=ends.get((topic, partition)),
            )
            for topic, partition in partitions
        ]

    def plan(self, name: str, target: Target, selection: Selection | None = None) -> Sequence[Move]:
        """What `reset` would do, partition by partition; nothing is changed.

        Args:
            name: of the group; with a selection it may be one that does not exist yet.
            target: where to.
            selection: a topic or a partition; without one, every partition that the group ever committed.

        Raises:
            GroupInUseError: the group has members.
            NotFoundError: no such group, topic or partition.
            InvalidError: a shift where nothing was committed.
            ForbiddenError, UnavailableError: as `describe`.
        """
        self._require_idle(name, may_be_absent=selection is not None)
        committed = self._committed(name)
        partitions = sorted(committed) if selection is None else self._selected(selection)
        earliest = self._offsets(partitions, _EARLIEST)
        ends = self._offsets(partitions, _LATEST)
        found: Mapping[Partition, int] = {}
        if target.anchor is Anchor.TIMESTAMP:
            found = self._offsets(partitions, OffsetSpec.for_timestamp(target.value))
        return [
            Move(
                topic=one[0],
                partition=one[1],
                before=committed.get(one),
                after=destination(
                    target,
                    committed=committed.get(one),
                    bounds=(earliest[one], ends[one]),
                    found=found.get(one) if found.get(one, -1) >= 0 else None,
                ),
            )
            for one in partitions
        ]

    def reset(self, name: str, moves: Iterable[Move]) -> None:
        """Commit the offsets of a plan for the group.

        Raises:
            GroupInUseError: a member has joined meanwhile; nothing was changed.
            ForbiddenError: the key may not read one of the topics, or not change the group.
            UnavailableError: the brokers do not answer.
        """
        wanted = [TopicPartition(move.topic, move.partition, move.after) for move in moves]
        if not wanted:
            return
        request = [ConsumerGroupTopicPartitions(name, wanted)]
        (asked,) = self._admin.alter_consumer_group_offsets(request, request_timeout=ANSWER_S).values()
        for partition in _answer(asked, f"group {name}").topic_partitions:
            if partition.error is not None:
                raise _refusal(partition.error, f"{partition.topic}:{partition.partition} of group {name}")

    def _require_idle(self, name: str, *, may_be_absent: bool) -> None:
        try:
            group = self.describe(name)
        except NotFoundError:
            if may_be_absent:
                return
            raise
        if group.members:
            raise GroupInUseError(
                f"Group {name} has {len(group.members)} member(s) ({', '.join(group.members)}): stop them "
                "first, since a group can be set only while nobody reads with it"
            )

    def _committed(self, name: str) -> dict[Partition, int]:
        request = [ConsumerGroupTopicPartitions(name)]
        (asked,) = self._admin.list_consumer_group_offsets(request, request_timeout=ANSWER_S).values()
        return {
            (one.topic, one.partition): one.offset
            for one in _answer(asked, f"group {name}").topic_partitions
            if one.offset >= 0
        }

    def _assigned(self, name: str) -> set[Partition]:
        members = self._described(name).members
        return {(one.topic, one.partition) for each in members for one in each.assignment.topic_partitions}

    def _described(self, name: str) -> Any:
        return _answer(self._ask([name])[name], f"group {name}")

    def _ask(self, names: Sequence[str]) -> Mapping[str, Future[Any]]:
        if not names:
            return {}
        return self._admin.describe_consumer_groups(list(names), request_timeout=ANSWER_S)

    def _selected(self, selection: Selection) -> Sequence[Partition]:
        partitions = self._partitions(selection.topic)
        if selection.partition is None:
            return partitions
        wanted = (selection.topic, selection.partition)
        if wanted not in partitions:
            raise NotFoundError(
                f"Topic {selection.topic} has {len(partitions)} partition(s), from 0 on; "
                f"there is no partition {selection.partition}"
            )
        return [wanted]

    def _partitions(self, topic: str) -> Sequence[Partition]:
        asked = self._admin.describe_topics(TopicCollection([topic]), request_timeout=ANSWER_S)[topic]
        return [(topic, one.id) for one in _answer(asked, f"topic {topic}").partitions]

    def _offsets(self, partitions: Iterable[Partition], spec: OffsetSpec) -> dict[Partition, int]:
        request = {TopicPartition(topic, partition): spec for topic, partition in partitions}
        if not request:
            return {}
        asked = self._admin.list_offsets(request, request_timeout=ANSWER_S)
        return {
            (one.topic, one.partition): _answer(future, f"topic {one.topic}").offset
            for one, future in asked.items()
        }


def _exists(described: Any) -> bool:
    # The coordinator describes a group that it does not know as a dead one.
    return bool(described.state.name != "DEAD")


def _group(described: Any) -> Group:
    return Group(
        name=described.group_id,
        state=_word(described.state),
        protocol=described.type.name.lower(),
        members=tuple(f"{member.client_id} at {member.host.lstrip('/')}" for member in described.members),
    )


def _undescribed(listing: Any) -> Group:
    return Group(
        name=listing.group_id, state=_word(listing.state), protocol=listing.type.name.lower(), members=()
    )


def _word(state: Any) -> str:
    return str(state.name).lower().replace("_", "-")


def _answer(asked: Future[Any], what: str) -> Any:
    """The brokers' answer, or the error that says to a person what it means."""
    try:
        return asked.result(timeout=ANSWER_S + 5)
    except TimeoutError:
        raise UnavailableError("Kafka does not answer: try again, or see `octopus doctor`") from None
    except KafkaException as error:
        raise _refusal(error.args[0], what) from error


def _refusal(fault: KafkaError, what: str) -> OctopusError:
    code = fault.code()
    if code == KafkaError.GROUP_AUTHORIZATION_FAILED:
        return ForbiddenError(f"Your key has no right to {what} ({fault.name()})")
    if code == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return ForbiddenError(
            f"Your key has no right to {what}, or to a topic that it reads ({fault.name()})"
        )
    if code == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return NotFoundError(f"Kafka has no such topic or partition: {what}")
    if code == KafkaError.GROUP_ID_NOT_FOUND:
        return NotFoundError(f"There is no consumer {what}")
    if code in _MEMBERSHIP:
        return GroupInUseError(
            f"Kafka refused to move {what}, because the group has members: stop them first ({fault.name()})"
        )
    if is_away(fault):
        return UnavailableError(f"Kafka does not answer ({fault.name()}): try again, or see `octopus doctor`")
    return OctopusError(f"Kafka refused this for {what}: {fault.name()}")
