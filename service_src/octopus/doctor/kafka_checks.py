"""Checks of a caller's way through the brokers: sign-in, rights, a record there and back, consumer groups."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AclOperation, AdminClient  # type: ignore[attr-defined]
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from octopus.doctor.caller import ANSWER_S, Caller
from octopus.doctor.findings import Finding, NotKnownError, failed, ok
from octopus.doctor.network import check_certificates, check_names, check_ports
from octopus.errors import OctopusError
from octopus.groups.names import complete
from octopus.kafka.asking import is_away
from octopus.kafka.sasl import NoVerdictError, present, sign
from octopus.kafka.servers import Address

RECORD_S = 30.0
"""One record, or one member of a group, on its way."""
_GROUP_S = 10.0
_GROUP_ATTEMPTS = 4
"""The first question about any group makes a new cluster set up where it keeps them, and may wait in vain."""
_DATA = {"read": AclOperation.READ, "write": AclOperation.WRITE}
DEMONSTRATION = "readers"
"""A group name as people choose it, without a namespace."""


def check_sign_in(caller: Caller) -> Finding:
    """Whether each bootstrap server lets the caller's key in."""
    token, _ = sign(caller.credentials, region=caller.region)
    for address in caller.servers:
        try:
            verdict = present(address, caller.ca_file, token)
        except NoVerdictError as error:
            return failed(
                f"{error}: the broker could not have the token judged",
                "try again in a moment; if it stays so, the judge is away: tell the operator",
            )
        if verdict.refusal is not None:
            return failed(
                f"{address} refused the token of {caller.credentials.access_key}: {verdict.refusal}",
                _why_refused(caller),
            )
    return ok(f"{caller.credentials.access_key} is let in by {', '.join(map(str, caller.servers))}")


def check_brokers(admin: AdminClient, ca_file: Path | None) -> Finding:
    """Whether the addresses that the brokers themselves give can be reached: clients go there next."""
    try:
        brokers = admin.list_topics(timeout=ANSWER_S).brokers.values()
    except KafkaException as error:
        return failed(
            f"the brokers do not say who they are: {error.args[0].name()}",
            "try again; then tell the operator",
        )
    addresses = [Address(str(broker.host), broker.port) for broker in brokers]
    for finding in (check_names(addresses), check_ports(addresses)):
        if finding.fix is not None:
            return failed(
                f"a broker calls itself by an address that does not work from here: {finding.detail}",
                f"{finding.fix}; the operator sets that address as the broker's advertised.listeners",
            )
    certificates = check_certificates(addresses, ca_file)
    return certificates if certificates.fix is not None else ok(", ".join(map(str, addresses)))


def check_topic(caller: Caller) -> Finding:
    """Which topic the next checks use: the caller's, or one made for them."""
    if caller.topic is not None:
        caller.topic = complete(caller.namespace, caller.topic)
        return ok(f"{caller.topic}, as you named it: it gets one record, if you may write it")
    try:
        caller.topic = caller.use_topic_of_its_own(f"doctor-{uuid.uuid4().hex[:8]}")
    except OctopusError as error:
        return failed(f"no topic can be made: {error}", "name a topic of yours with --topic, and see above")
    return ok(f"made {caller.topic}, which goes away at the end")


def check_policy(caller: Caller) -> Finding:
    """What the caller's policy allows on the topic."""
    topic = _topic(caller)
    asked = caller.admin.describe_topics(
        TopicCollection([topic]), include_authorized_operations=True, request_timeout=ANSWER_S
    )
    try:
        described = asked[topic].result(timeout=ANSWER_S + 5)
    except (KafkaException, TimeoutError) as error:
        return _topic_refused(caller, topic, error)
    operations = set(described.authorized_operations or ())
    caller.allowed = frozenset(word for word, operation in _DATA.items() if operation in operations)
    missing = sorted(_wanted(caller, topic) - caller.allowed)
    if missing:
        return failed(
            f"your policy does not let you {' and '.join(missing)} {topic}",
            "use a topic of your own namespace, or ask the topic's owner for that right; if you were just "
            "given it, try again in a few seconds",
        )
    alone = ", which is all that you were given" if len(caller.allowed) == 1 else ""
    return ok(f"you may {', '.join(['describe', *sorted(caller.allowed)])} {topic}{alone}")


def check_records(caller: Caller) -> Finding:
    """A record is produced, and consumed again by a member of a group, as far as the caller may."""
    topic = _topic(caller)
    value = uuid.uuid4().bytes if "write" in caller.allowed else None
    began = time.monotonic()
    try:
        here = _produce(caller, topic, value) if value is not None else _oldest(caller, topic)
        produced = time.monotonic()
        if here is None:
            return ok(f"{topic} holds no record yet that could be consumed, and you may not write it")
        if "read" in caller.allowed:
            # Of the caller's own namespace, which serves for every topic.
            caller.made_group = complete(caller.namespace, f"octopus-doctor-{uuid.uuid4().hex[:8]}")
            _consume(caller, here, value)
    except (KafkaException, TimeoutError) as error:
        fault = error.args[0] if isinstance(error, KafkaException) else None
        return failed(
            f"a record did not make its way through {topic}: {fault.str() if fault else error}",
            "the checks above found the way open, so tell the operator this line",
        )
    spent = []
    if value is not None:
        spent.append(f"{(produced - began) * 1000:.0f} ms to produce")
    if caller.made_group is not None:
        spent.append(f"{(time.monotonic() - produced) * 1000:.0f} ms to join a group and consume")
    return ok(f"{topic}, offset {here.offset}: {', '.join(spent)}")


def check_group(caller: Caller) -> Finding:
    """Whether a consumer group may be used; a bare name, without the namespace, is not."""
    group = caller.group or DEMONSTRATION
    own = complete(caller.namespace_of_groups, group.rpartition(".")[2])
    attempts = Retrying(
        retry=retry_if_exception(_is_away), stop=stop_after_attempt(_GROUP_ATTEMPTS), reraise=True
    )
    try:
        allowed = attempts(_rights_to_group, caller, group)
    except TimeoutError:
        raise NotKnownError("the brokers did not answer about the group") from None
    except KafkaException as error:
        code = error.args[0].code()
        if code != KafkaError.GROUP_AUTHORIZATION_FAILED:
            raise NotKnownError(
                f"the brokers did not answer about the group: {error.args[0].name()}"
            ) from None
        refused = f"group {group!r} is refused (GROUP_AUTHORIZATION_FAILED)"
        if caller.group is None:
            return ok(f"a name without your namespace is no group of yours: {refused}; use {own}")
        return failed(
            refused, f"use {own}: groups, like topics, begin with your namespace or project and a dot"
        )
    if AclOperation.READ not in allowed:
        return failed(f"you may see group {group} and not join it", f"use a group of your own, such as {own}")
    return ok(f"you may join {group}")


def _rights_to_group(caller: Caller, group: str) -> Sequence[AclOperation]:
    asked = caller.admin.describe_consumer_groups(
        [group], include_authorized_operations=True, request_timeout=_GROUP_S
    )[group]
    return asked.result(timeout=_GROUP_S + 5).authorized_operations or ()


def _is_away(error: BaseException) -> bool:
    return isinstance(error, KafkaException) and is_away(error.args[0])


def _topic(caller: Caller) -> str:
    if caller.topic is None:
        raise NotKnownError("there is no topic to try it on")
    return caller.topic


def _why_refused(caller: Caller) -> str:
    audit = f"the operator sees it in `octopus logs audit`, with the key {caller.credentials.access_key}"
    if caller.shell_key is not None:
        likely = "put the key that `octopus key create` prints into this shell, all of it"
    else:
        likely = (
            "if clock and key are ok above, the key is a moment old or its account may not connect: try again"
        )
    return f"brokers tell a client no reason: {likely}; {audit}"


def _topic_refused(caller: Caller, topic: str, error: BaseException) -> Finding:
    fault = error.args[0] if isinstance(error, KafkaException) else None
    code = fault.code() if fault is not None else None
    namespace, _, name = topic.partition(".")
    own = namespace == caller.namespace
    if code == KafkaError.UNKNOWN_TOPIC_OR_PART:
        made = f"octopus topic create {name if own else topic}"
        return failed(f"there is no topic {topic}", f"make it: `{made}`")
    if code != KafkaError.TOPIC_AUTHORIZATION_FAILED:
        told = fault.name() if fault else "no answer"
        raise NotKnownError(f"the brokers did not answer about {topic}: {told}")
    refused = f"{topic} is refused (TOPIC_AUTHORIZATION_FAILED)"
    rights = caller.rights_on(topic)
    if not own and not rights:
        return failed(
            f"{refused}: it lies in {namespace}, not in your {caller.namespace}",
            f"use a topic of your own, such as {caller.namespace}.{name}, or ask its owner for a right to it",
        )
    if not own and rights.isdisjoint(_DATA):
        return failed(
            f"{refused}: you may manage it, and neither read nor write it",
            "ask its owner for the right to read or to write",
        )
    return failed(
        f"{refused}, although you may use it",
        "if you were just given that right, try again in a few seconds; else your policy is incomplete: "
        "`octopus key create` mends the account; then tell the operator",
    )


def _wanted(caller: Caller, topic: str) -> frozenset[str]:
    """What the caller should be able to do with a topic: all with his own, else what the service says."""
    held = caller.rights_on(topic)
    if topic.partition(".")[0] == caller.namespace or not held:
        return frozenset(_DATA)
    return held.intersection(_DATA)


def _oldest(caller: Caller, topic: str) -> TopicPartition | None:
    """Where the oldest record of one partition is; None when the topic holds none."""
    reader = Consumer({**caller.kafka_settings, "group.id": complete(caller.namespace, "octopus-doctor")})
    try:
        for number in reader.list_topics(topic, timeout=ANSWER_S).topics[topic].partitions:
            low, high = reader.get_watermark_offsets(TopicPartition(topic, number), timeout=ANSWER_S)
            if low < high:
                return TopicPartition(topic, number, low)
        return None
    finally:
        reader.close()


def _produce(caller: Caller, topic: str, value: bytes) -> TopicPartition:
    done: list[tuple[KafkaError | None, Message]] = []
    producer = Producer({**caller.kafka_settings, "message.timeout.ms": int(RECORD_S * 1000)})
    producer.produce(topic, value, on_delivery=lambda error, message: done.append((error, message)))
    producer.flush(RECORD_S + 5)
    if not done:
        raise TimeoutError(f"no acknowledgement within {RECORD_S:.0f} s")
    ((error, message),) = done
    if error is not None:
        raise KafkaException(error)
    return TopicPartition(topic, message.partition() or 0, message.offset() or 0)


def _consume(caller: Caller, here: TopicPartition, value: bytes | None) -> None:
    """Join the group and read from there on, until the record comes that was sent, or any without one."""
    consumer: Any = Consumer(
        {**caller.kafka_settings, "group.id": caller.made_group, "enable.auto.commit": False}
    )

    def begin(member: Any, partitions: Sequence[TopicPartition]) -> None:
        # The others of a topic with many partitions begin at their end: nothing of theirs is wanted.
        member.assign([here if one.partition == here.partition else one for one in partitions])

    try:
        consumer.subscribe([here.topic], on_assign=begin)
        ends = time.monotonic() + RECORD_S
        while time.monotonic() < ends:
            message = consumer.poll(min(1.0, max(0.0, ends - time.monotonic())))
            if message is None:
                continue
            if message.error() is not None:
                raise KafkaException(message.error())
            if value is None or message.value() == value:
                return
        raise TimeoutError(f"the record did not come within {RECORD_S:.0f} s")
    finally:
        consumer.close()
