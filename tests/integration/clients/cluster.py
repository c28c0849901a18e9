"""A broker with its plugin, the judge and an institution in the emulator, for clients of other people."""

from __future__ import annotations

import json
import shlex
import sys
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from octopus.fabric.supervision import wait_until
from tests.integration.broker.node import Node
from tests.integration.judge.institution import Institution, Tenant
from tests.patience import PATIENCE_S

CREDENTIAL_PROCESS = Path(__file__).parent / "python" / "credential_process.py"
SESSION_S = 20
"""For how long the broker takes a client's authentication."""


@dataclass
class Person:
    """Somebody with a namespace, a key and a profile in the AWS configuration that signs with it.

    Attributes:
        profile: its name.
        key_file: what the profile's ``credential_process`` prints; what is written here is used from then on.
    """

    tenant: Tenant
    profile: str
    key_file: Path

    @property
    def namespace(self) -> str:
        return f"ns-{self.tenant.subject[-12:]}"

    def name(self, last: str) -> str:
        """Of a topic, group or transactional id in the person's namespace."""
        return f"{self.namespace}.{last}"

    def use_key(self, access_key_id: str, secret: str, session_token: str | None = None) -> None:
        """Let the profile sign with a key from now on."""
        key = {"AccessKeyId": access_key_id, "SecretAccessKey": secret}
        if session_token is not None:
            key["SessionToken"] = session_token
        written = self.key_file.with_suffix(".new")
        written.write_text(json.dumps(key))
        written.replace(self.key_file)


@dataclass
class Cluster:
    """What the tests of this folder connect to."""

    institution: Institution
    node: Node
    home: Path
    _admin: AdminClient = field(init=False)

    def __post_init__(self) -> None:
        self._admin = AdminClient(self.node.inner | {"log_level": 0})

    @property
    def port(self) -> int:
        """Of the listener for clients."""
        return int(self.node.bootstrap_servers.rpartition(":")[2])

    @property
    def environment(self) -> dict[str, str]:
        """What a client has to know; the region, since hosts outside amazonaws.com tell none."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.node.bootstrap_servers,
            "KAFKA_CA_FILE": str(self.node.ca_file),
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": str(self.home / "aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def person(self, name: str) -> Person:
        """Somebody new."""
        person = self.profile(f"{name}-{uuid.uuid4().hex[:6]}", self.institution.tenant())
        person.use_key(person.tenant.access_key_id, person.tenant.secret)
        return person

    def another_key(self, person: Person) -> Tenant:
        """A second key of a person's, as rotation makes it."""
        subject = person.tenant.subject
        issued = self.institution.iam.create_access_key(UserName=subject)["AccessKey"]
        key = Tenant(subject, issued["AccessKeyId"], issued["SecretAccessKey"])
        self.institution.record_key(key)
        return key

    def profile(self, name: str, tenant: Tenant) -> Person:
        """A profile of a tenant, which has no key yet."""
        key_file = self.home / f"{name}.json"
        command = shlex.join([sys.executable, "-I", "-S", str(CREDENTIAL_PROCESS), str(key_file)])
        with (self.home / "aws-config").open("a") as config:
            config.write(f"[profile {name}]\ncredential_process = {command}\n")
        return Person(tenant, name, key_file)

    def topic(self, person: Person, name: str, *, partitions: int = 1) -> str:
        """A new topic of the person's, ready for use; returns its full name."""
        topic = person.name(name)
        for made in self._admin.create_topics([NewTopic(topic, partitions, 1)]).values():
            made.result(PATIENCE_S)
        wait_until(lambda: self._led(topic), seconds=PATIENCE_S, what=f"The topic {topic}")
        return topic

    def serves(self) -> bool:
        """Whether the broker answers."""
        assert self.node.process.poll() is None, self.node.log_file.read_text()
        with suppress(KafkaException):
            return bool(self._admin.list_topics(timeout=2).brokers)
        return False

    def _led(self, topic: str) -> bool:
        known = self._admin.list_topics(topic, timeout=5).topics[topic]
        return known.error is None and all(partition.leader == 1 for partition in known.partitions.values())
