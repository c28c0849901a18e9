"""All that a fabric holds of people, by its service, IAM and Kafka, and how two of these differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from octopus.cli.pages import read_all
from tests.patience import PATIENCE_S, next_message, patiently
from tests.rehearsal.content import TOPIC, Person, at_once
from tests.rehearsal.tree import State

_PRINCIPALS = "/msk-users/"
_PASSING = frozenset({"last_used", "latest"})
"""Fields of replies that change by themselves: a key's last use, and the end of what a partition holds."""

Rights = frozenset[str]
"""What policies say, one action on one resource each."""


@dataclass(frozen=True)
class Snapshot:
    """Everything, by who or what it is of."""

    seen: Mapping[str, Any]
    """By person: what the service answers of account, keys, topic and grants."""
    principals: Mapping[str, Any]
    """By principal: path, boundary, tags and keys in IAM."""
    rights: Mapping[str, Rights]
    """By principal."""
    records: Mapping[tuple[str, str], Sequence[str]]
    """By reader and topic: a digest of each record with its place, in order."""

    @property
    def count(self) -> int:
        """How many records there are, each counted once."""
        return sum(
            len(digests) for (reader, topic), digests in self.records.items() if topic.startswith(reader)
        )


def take(everybody: Sequence[Person], state: State) -> Snapshot:
    """Ask the service, IAM and Kafka; each person reads what he may with his own key."""
    seen = {person.name: _seen(person, state) for person in everybody}
    principals, rights = _principals({person.subject for person in everybody}, state)
    topics = {person.name: _readable(person, seen[person.name]) for person in everybody}
    read = at_once(lambda person: _records(person, topics[person.name], state), everybody)
    records = {
        (person.namespace, topic): digests
        for person, found in zip(everybody, read, strict=True)
        for topic, digests in found.items()
    }
    return Snapshot(seen, principals, rights, records)


def losses(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """Yield, in a sentence each, what is not as it was; what was added for everybody is no loss."""
    yield from _differences(before.seen, after.seen, "")
    yield from _differences(before.principals, after.principals, "IAM: ")
    everybodys = added_for_all(before, after)
    for who, rights in before.rights.items():
        now = after.rights.get(who, frozenset())
        for right in sorted(rights - now):
            yield f"IAM: {who} lost {right}"
        for right in sorted(now - rights - everybodys):
            yield f"IAM: {who} alone got {right}"
    for (reader, topic), digests in before.records.items():
        now_read = after.records.get((reader, topic), ())
        if list(now_read[: len(digests)]) != list(digests):
            yield f"Kafka: {reader} reads others in {topic}: {len(digests)} before, {len(now_read)} now"


def added_for_all(before: Snapshot, after: Snapshot) -> Rights:
    """Return the rights that every principal has now and had not before: what the version gives everybody."""
    added = [after.rights.get(who, frozenset()) - rights for who, rights in before.rights.items()]
    return frozenset.intersection(*added) if added else frozenset()


def _differences(before: Any, after: Any, where: str) -> Iterator[str]:
    """Yield where something of ``before`` is not in ``after``; fields that a version adds are passed over."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            if name in after:
                yield from _differences(value, after[name], f"{where}{name}: ")
            else:
                yield f"{where}{name} is gone"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{where}{number}: ")
    elif before != after:
        yield f"{where}{before} became {after}"


def _seen(person: Person, state: State) -> dict[str, Any]:
    session = person.session(state)
    path = f"{person.namespace}/{TOPIC}"
    namespaces = session.call("GET", "namespace")["namespaces"]
    return {
        "namespaces": {name: sorted(topics) for name, topics in namespaces.items()},
        "account": _lasting(session.call("GET", "account")),
        "keys": _sorted(session.call("GET", "keys")["keys"]),
        "topic": _lasting(session.call("GET", path)),
        "grants": _sorted(read_all(session, f"{path}/grants", "grants")),
        "shared": _sorted(read_all(session, "shared", "shared")),
    }


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(each) for name, each in value.items() if name not in _PASSING}
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def _sorted(entries: list[dict[str, Any]]) -> list[Any]:
    return sorted((_lasting(entry) for entry in entries), key=lambda entry: json.dumps(entry, sort_keys=True))


def _readable(person: Person, seen: Mapping[str, Any]) -> list[str]:
    shared = [f"{one['namespace']}.{one['topic']}" for one in seen["shared"] if one["right"] == "read"]
    return [person.topic, *shared]


def _principals(subjects: Collection[str], state: State) -> tuple[dict[str, Any], dict[str, Rights]]:
    iam = boto3.client(
        "iam",
        endpoint_url=f"http://127.0.0.1:{state.ports['AWS']}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    principals, rights = {}, {}
    for page in iam.get_paginator("list_users").paginate(PathPrefix=_PRINCIPALS):
        for listed in page["Users"]:
            name = listed["UserName"]
            if name not in subjects:
                continue
            user = iam.get_user(UserName=name)["User"]
            keys = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
            tags = iam.list_user_tags(UserName=name)["Tags"]
            principals[name] = {
                "arn": user["Arn"],
                "boundary": user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
                "tags": {tag["Key"]: tag["Value"] for tag in tags},
                "keys": {key["AccessKeyId"]: key["Status"] for key in keys},
            }
            documents = [
                iam.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"]
                for policy in iam.list_user_policies(UserName=name)["PolicyNames"]
            ]
            for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
                arn = policy["PolicyArn"]
                version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                documents.append(
                    iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
                )
            rights[name] = frozenset(right for document in documents for right in _rights(document))
    return principals, rights


def _rights(document: Any) -> Iterator[str]:
    written = json.loads(document) if isinstance(document, str) else document
    for statement in written["Statement"]:
        under = json.dumps(statement.get("Condition", {}), sort_keys=True)
        for action in _each(statement["Action"]):
            for resource in _each(statement["Resource"]):
                yield f"{statement['Effect']} {action} on {resource}" + (
                    f" if {under}" if under != "{}" else ""
                )


def _each(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _records(person: Person, topics: Sequence[str], state: State) -> dict[str, list[str]]:
    consumer = Consumer(
        {
            **person.kafka(state),
            "group.id": f"{person.namespace}.rehearsal",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        return {topic: _digests(consumer, topic) for topic in topics}
    finally:
        consumer.close()


def _digests(consumer: Consumer, topic: str) -> list[str]:
    found = []
    partitions = patiently(partial(consumer.list_topics, topic, timeout=PATIENCE_S)).topics[topic].partitions
    for number in sorted(partitions):
        partition = TopicPartition(topic, number, OFFSET_BEGINNING)
        _, end = patiently(partial(consumer.get_watermark_offsets, partition, timeout=PATIENCE_S))
        consumer.assign([partition])
        last = -1
        while last < end - 1:
            message = next_message(consumer)
            error = message.error()
            if error is not None:
                raise KafkaException(error)
            last = message.offset() or 0
            whole = (number, last, message.timestamp(), message.key(), message.value(), message.headers())
            found.append(hashlib.sha256(repr(whole).encode()).hexdigest())
    return found
