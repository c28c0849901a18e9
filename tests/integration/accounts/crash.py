"""Records the calls that an operation makes to AWS and to Kafka, ends a process at one of them, and looks at
what is there once somebody else has gone on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from octopus import aws
from octopus.accounts.models import Account, State
from octopus.accounts.principal import SUSPENDED_POLICY
from octopus.credentials.models import KeyState, Kind
from octopus.iam.generate import principal_policies
from octopus.registry.leases import LIFE_S
from octopus.topics.applying import settings_of
from octopus.topics.store import TopicStore
from tests.integration.accounts.fabric import Fabric
from tests.integration.accounts.operations import OPERATIONS, Operation
from tests.memory_kafka import unwatched

RECORDING = Path(__file__).with_name("recorded_calls.json")
RECORDED: dict[str, list[str]] = json.loads(RECORDING.read_text())

When = Literal["before", "after"]

READS = ("Get", "List", "Query", "BatchGet", "Decrypt", "Encrypt", "AssumeRole")
"""Beginnings of AWS calls that leave everything as it was."""
LEASES = ("dynamodb.PutItem", "dynamodb.UpdateItem", "dynamodb.DeleteItem")
"""Single items that the service writes are leases, and notes of what is done; the rest is in transactions."""


class ProcessDiedError(BaseException):
    """The process is no more: nothing that it would still do happens, not even its cleaning up."""


class Calls:
    """Every call from here on, by name (``dynamodb.PutItem``, ``kafka.create``), until the process dies.

    Attributes:
        made: names of the calls, in order.
        dies_at: position of the call at which the process dies, and whether it is made before.
    """

    def __init__(self) -> None:
        self.made: list[str] = []
        self.dies_at: tuple[int, When] | None = None
        self._dead = False

    def saw(self, call: str, when: str) -> None:
        """Note a call, and die if it is the one."""
        if self._dead:
            raise ProcessDiedError(call)
        if when == "before":
            self.made.append(call)
        if self.dies_at == (len(self.made) - 1, when):
            self._dead = True
            raise ProcessDiedError(call)


@contextmanager
def watched(fabric: Fabric) -> Iterator[Calls]:
    """The calls of everything that is done in the block."""
    calls = Calls()

    def before(model: Any, **_others: Any) -> None:
        calls.saw(f"{model.service_model.service_name}.{model.name}", "before")

    def after(model: Any, **_others: Any) -> None:
        calls.saw(f"{model.service_model.service_name}.{model.name}", "after")

    clients: list[Any] = [aws.dynamodb(), aws.iam(), aws.kms(), aws.sts()]
    for client in clients:
        client.meta.events.register("before-call", before)
        client.meta.events.register("after-call", after)
    fabric.kafka.watch = calls.saw
    try:
        yield calls
    finally:
        fabric.kafka.watch = unwatched
        for client in clients:
            client.meta.events.unregister("before-call", before)
            client.meta.events.unregister("after-call", after)


def changes_something(call: str) -> bool:
    """Whether a call may leave anything but a lease otherwise than it was."""
    service, _, name = call.partition(".")
    if service == "kafka":
        return name in ("alter", "create", "delete", "delete_groups", "partitions")
    return call not in LEASES and not name.startswith(READS)


@dataclass(frozen=True)
class Death:
    """One case."""

    operation: str
    position: int
    call: str
    when: When

    def __str__(self) -> str:
        return f"{self.operation} - {self.when} {self.position}. {self.call}"


DEATHS = [
    Death(operation, position, call, when)
    for operation, calls in RECORDED.items()
    for position, call in enumerate(calls)
    for when in get_args(When)
]
"""Every case."""
DIFFERENT = [death for death in DEATHS if death.when == "after" and changes_something(death.call)]
"""Those that leave something else behind than the case before, besides a lease."""
SHORT = [
    death
    for operation in OPERATIONS
    for death in [death for death in DIFFERENT if death.operation == operation][::3]
]
"""Every third one of each operation."""


def record(fabric: Fabric, operation: Operation) -> list[str]:
    """The calls that an operation makes."""
    operation.given(fabric)
    with watched(fabric) as calls:
        operation.does(fabric)
    return calls.made


def die(fabric: Fabric, death: Death) -> None:
    """Have a process die so, and let its leases be outlived."""
    operation = OPERATIONS[death.operation]
    operation.given(fabric)
    with watched(fabric) as calls:
        calls.dies_at = (death.position, death.when)
        with pytest.raises(ProcessDiedError):
            operation.does(fabric)
    assert calls.made[death.position] == death.call
    fabric.clock.now += LIFE_S + 1


def settle(fabric: Fabric) -> None:
    """Give the background time for everything that is pending."""
    fabric.run_jobs()
    for _ in range(4):
        if pending(fabric):
            fabric.wait(fabric.settings.last_requests_s)


def pending(fabric: Fabric) -> list[tuple[str, str]]:
    """What has begun and not ended."""
    return [row for row in fabric.registry() if row[0].startswith("PENDING#")]


def require_sound(fabric: Fabric, iam: Any) -> None:
    """Whatever there is of either subject is whole, and nothing is left over."""
    assert pending(fabric) == []
    rows = fabric.registry()
    given = [(pk.removeprefix("GRANTS#"), *sk.split("#")) for pk, sk in rows if pk.startswith("GRANTS#")]
    held = [(*pk.split("#")[1:], *sk.split("#")) for pk, sk in rows if pk.startswith("GRANTEE#")]
    assert sorted((*grantee, namespace, topic, right) for namespace, topic, right, *grantee in given) == (
        sorted(held)
    )
    for person in (fabric, fabric.of_friend()):
        found = person.features.accounts.find(person.subject)
        if found is None:
            _require_nothing(person)
        else:
            _require_whole(person, found, iam)


def _require_nothing(fabric: Fabric) -> None:
    rows = [row for row in fabric.registry() if not row[0].startswith("LEASE#")]
    assert fabric.users() == []
    # About the person, not the account: an operator's limits, and projects that he made and others have now.
    lasting = ("QUOTAS", f"MADE#{fabric.subject}")
    assert [row for row in rows if fabric.subject in "".join(row) and row[0] not in lasting] == []
    mine = {f"SUBJECT#{fabric.subject}", f"KEYS#{fabric.subject}"}
    assert [row for row in fabric.credentials() if row[0] in mine and row[1] != "VERSION"] == []
    if (f"NAMESPACE#{fabric.namespace}", "NAMESPACE") not in rows:
        assert [row for row in rows if fabric.namespace in "".join(row)] == []
        assert fabric.kafka.list_topics(f"{fabric.namespace}.") == {}
        assert fabric.groups.names(f"{fabric.namespace}.") == []


def _require_whole(fabric: Fabric, found: Account, iam: Any) -> None:
    assert found.state in (State.ACTIVE, State.SUSPENDED)
    user = iam.get_user(UserName=fabric.subject)["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == fabric.settings.principal_boundary_arn
    policy = iam.get_user_policy(UserName=fabric.subject, PolicyName="octopus")["PolicyDocument"]
    listed = iam.list_access_keys(UserName=fabric.subject)["AccessKeyMetadata"]
    in_iam = {key["AccessKeyId"]: key["Status"] for key in listed}
    keys = [key for key in fabric.features.keys.recorded(fabric.subject) if key.kind is not Kind.SESSION]
    if found.state is State.SUSPENDED:
        assert policy == SUSPENDED_POLICY
        assert {key.access_key_id: key.state for key in keys} == dict.fromkeys(in_iam, KeyState.SUSPENDED)
        assert set(in_iam.values()) <= {"Inactive"}
    else:
        holdings = fabric.features.access.holdings(fabric.subject, found.namespaces)
        rights = principal_policies(cluster_arn=fabric.settings.cluster_arn, holdings=holdings)
        assert policy == rights.inline
        assert known_policy(fabric) == rights.sha256
        assert {key.access_key_id: key.state for key in keys} == dict.fromkeys(in_iam, KeyState.ACTIVE)
        assert set(in_iam.values()) <= {"Active"}
    for namespace in found.namespaces:
        held = fabric.kafka.list_topics(f"{namespace}.")
        topics = {
            item["sk"]["S"].removeprefix("TOPIC#"): (item["state"]["S"], item["topic_id"]["S"])
            for item in fabric.deployment.items(fabric.settings.registry_table)
            if item["pk"]["S"] == f"NAMESPACE#{namespace}" and item["sk"]["S"].startswith("TOPIC#")
        }
        assert topics == {name.partition(".")[2]: ("active", topic.topic_id) for name, topic in held.items()}
        _require_described(fabric, namespace)


def _require_described(fabric: Fabric, namespace: str) -> None:
    """Brokers have the settings that are recorded, and the catalogue leads to topics by their words alone."""
    found = TopicStore(aws.dynamodb(), fabric.settings.registry_table).read(namespace)
    assert found is not None
    words = []
    for topic in found.topics.values():
        name = f"{namespace}.{topic.name}"
        held = fabric.kafka.describe(name)
        assert held is not None
        assert settings_of(fabric.kafka, held) == topic.settings
        words += [(f"WORD#{word[:3]}", f"{word}#{name}") for word in topic.described_by(namespace)]
    leads = [(pk, sk) for pk, sk in fabric.registry() if pk.startswith("WORD#") and f"#{namespace}." in sk]
    assert sorted(leads) == sorted(words)


def known_policy(fabric: Fabric) -> str:
    """Hash of the policies that the judge goes by."""
    key = {"pk": {"S": f"SUBJECT#{fabric.subject}"}, "sk": {"S": "VERSION"}}
    row = fabric.deployment.client("dynamodb").get_item(
        TableName=fabric.settings.credentials_table, Key=key, ConsistentRead=True
    )["Item"]
    return str(row["policy_sha256"]["S"])


def next_call_completes(fabric: Fabric, iam: Any, death: Death) -> None:
    """A process dies; the same call to another replica finds or makes everything sound."""
    die(fabric, death)
    survivor = fabric.replica()

    OPERATIONS[death.operation].does(survivor)

    settle(survivor)
    require_sound(survivor, iam)


def background_completes(fabric: Fabric, iam: Any, death: Death) -> None:
    """A process dies; another replica's background finds or makes everything sound."""
    die(fabric, death)
    survivor = fabric.replica()

    settle(survivor)

    require_sound(survivor, iam)
