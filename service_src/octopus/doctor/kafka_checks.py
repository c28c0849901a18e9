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
from octopus.doctor.network import Address, check_certificates, check_names, check_ports
from octopus.doctor.sasl import NoVerdictError, present, sign
from octopus.errors import OctopusError
from octopus.groups.names import complete
from octopus.kafka.asking import is_away

RECORD_S = 30.0
"""One record, or one member of a group, on its way."""
_GROUP_S = 10.0
_GROUP_ATTEMPTS = 4
"""The first question about any group makes a new cluster set up where it keeps them, and may wait in vain."""
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
    allowed = set(described.authorized_operations or ())
    wanted = {AclOperation.DESCRIBE: "describe", AclOperation.READ: "read", AclOperation.WRITE: "write"}
    missing = [word for operation, word in wanted.items() if operation not in allowed]
    if missing:
        return failed(
            f"your policy does not let you {' and '.join(missing)} {topic}",
            "use a topic of your own namespace, or ask the topic's owner for that right",
        )
    return ok(f"you may {', '.join(wanted.values())} {topic}")


def check_records(caller: Caller) -> Finding:
    """A record is produced, and consumed again by a member of a group."""
    topic = _topic(caller)
    value = uuid.uuid4().bytes
    began = time.monotonic()
    try:
        sent = _produce(caller, topic, value)
        produced = time.monotonic()
        caller.made_group = complete(caller.namespace, f"octopus-doctor-{uuid.uuid4().hex[:8]}")
        _consume(caller, sent, value)
    except (KafkaException, TimeoutError) as error:
        fault = error.args[0] if isinstance(error, KafkaException) else None
        return failed(
            f"a record did not make its way through {topic}: {fault.str() if fault else error}",
            "the checks above found the way open, so tell the operator this line",
        )
    spent = f"{(produced - began) * 1000:.0f} ms to produce, {(time.monotonic() - produced) * 1000:.0f} ms"
    return ok(f"{topic}, offset {sent.offset()}: {spent} to join a group and consume")


def check_group(caller: Caller) -> Finding:
    """Whether a consumer group may be used; a bare name, without the namespace, is not."""
    group = caller.group or DEMONSTRATION
    own = complete(caller.namespace, group.rpartition(".")[2])
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
        return failed(refused, f"use {own}: groups, like topics, begin with your namespace and a dot")
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
    if code == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return failed(f"there is no topic {topic}", f"make it: `octopus topic create {name}`")
    if code == KafkaError.TOPIC_AUTHORIZATION_FAILED and namespace != caller.namespace:
        return failed(
            f"{topic} is refused (TOPIC_AUTHORIZATION_FAILED): it lies in {namespace}, not in your "
            f"{caller.namespace}",
            f"use a topic of your own, such as {caller.namespace}.{name}, or ask its owner for a right to it",
        )
    if code == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return failed(
            f"{topic} is refused (TOPIC_AUTHORIZATION_FAILED), although it lies in your namespace",
            "your policy is incomplete: `octopus key create` mends the account; then tell the operator",
        )
    raise NotKnownError(f"the brokers did not answer about {topic}: {fault.name() if fault else 'no answer'}")


def _produce(caller: Caller, topic: str, value: bytes) -> Message:
    done: list[tuple[KafkaError | None, Message]] = []
    producer = Producer({**caller.kafka_settings, "message.timeout.ms": int(RECORD_S * 1000)})
    producer.produce(topic, value, on_delivery=lambda error, message: done.append((error, message)))
    producer.flush(RECORD_S + 5)
    if not done:
        raise TimeoutError(f"no acknowledgement within {RECORD_S:.0f} s")
    ((error, message),) = done
    if error is not None:
        raise KafkaException(error)
    return message


def _consume(caller: Caller, sent: Message, value: bytes) -> None:
    """Join the group and read from just before the record on, until it comes."""
    here = TopicPartition(str(sent.topic()), sent.partition() or 0, sent.offset() or 0)
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
            if message.value() == value:
                return
        raise TimeoutError(f"the record did not come back within {RECORD_S:.0f} s")
    finally:
        consumer.close()
