"""A real broker with the plugin, a judge whose answers tests decide, and tenants of it."""

from __future__ import annotations

import json
import secrets
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.credentials import Credentials
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from octopus.kafka.client import client_settings
from tests.integration.broker.judge_double import JudgeDouble, Key, allow, until
from tests.integration.broker.msk_iam import signed_request
from tests.integration.broker.node import CLUSTER_ARN, Node, arn, start
from tests.integration.broker.wire import Connection
from tests.patience import PATIENCE_S

MECHANISMS = ("OAUTHBEARER", "AWS_MSK_IAM")

OVERRIDES = {
    # Short, so that a test sees what these bounds do; a test of the template holds the values that ship.
    "listener.name.client.oauthbearer.connections.max.reauth.ms": "4000",
    "listener.name.client.aws_msk_iam.connections.max.reauth.ms": "4000",
    "connections.max.idle.ms": "6000",
}


@dataclass
class Tenant:
    """Somebody with a namespace and a key."""

    node: Node
    key: Key
    namespace: str

    def settings(self, **more: Any) -> dict[str, Any]:
        """Settings of a librdkafka client that signs with the tenant's key."""
        credentials = Credentials(self.key.access_key_id, secrets.token_urlsafe(30))
        settings = client_settings(
            bootstrap_servers=self.node.bootstrap_servers,
            ca_file=self.node.ca_file,
            credentials=credentials,
        )
        return settings | {"logger": _quiet} | {_setting(name): value for name, value in more.items()}

    def topic(self, name: str) -> str:
        """A topic's full name in the tenant's namespace."""
        return f"{self.namespace}.{name}"

    def producer(self, **more: Any) -> Producer:
        """A producer; idempotent, as Java's is by default."""
        return Producer(self.settings(enable_idempotence=True, message_timeout_ms=10_000, **more))

    def consumer(self, group: str = "readers", **more: Any) -> Consumer:
        """A consumer of a group in the tenant's namespace, from the beginning."""
        return Consumer(
            self.settings(group_id=self.topic(group), auto_offset_reset="earliest", session_timeout_ms=6000)
            | {_setting(name): value for name, value in more.items()}
        )

    def admin(self, **more: Any) -> AdminClient:
        """An admin client with the tenant's own rights."""
        return AdminClient(self.settings(**more))

    def token(self) -> str:
        """A token signed with the tenant's key."""
        sign = cast(Callable[[str], tuple[str, float]], self.settings()["oauth_cb"])
        return sign("")[0]

    def signed_request(self, *, host: str = "localhost") -> str:
        """What AWS's client for Java sends: signed with the tenant's key, for a broker."""
        return signed_request(Credentials(self.key.access_key_id, secrets.token_urlsafe(30)), host=host)

    def authenticate(self, connection: Connection, mechanism: str) -> None:
        """Authenticate a connection.

        Raises:
            PermissionError: the broker refused.
            ConnectionError: the broker closed the connection without a verdict.
        """
        if mechanism == "AWS_MSK_IAM":
            connection.authenticate_as_java(self.signed_request())
        elif refusal := connection.authenticate(self.token()):
            raise PermissionError(refusal)

    def audited(self, *, outcome: str) -> list[dict[str, Any]]:
        """The audit lines of the tenant's key so far."""
        lines = [json.loads(line) for line in self.node.audit_file.read_text().splitlines()]
        mine = [line for line in lines if line.get("access_key_id") == self.key.access_key_id]
        return [line for line in mine if line["outcome"] == outcome]


@pytest.fixture(scope="session")
def judge_of_session() -> Iterator[JudgeDouble]:
    judge = JudgeDouble(secret=secrets.token_urlsafe(24))
    yield judge
    judge.close()


@pytest.fixture
def judge(judge_of_session: JudgeDouble) -> Iterator[JudgeDouble]:
    """The judge; whatever a test does to it ends with the test."""
    yield judge_of_session
    judge_of_session.age_ms = 0
    if judge_of_session.away:
        judge_of_session.away = False
        answered = len(judge_of_session.refreshed)
        # Until the plugin has noticed its return, new connections are refused at once.
        until(lambda: len(judge_of_session.refreshed) >= answered + 2, within_s=PATIENCE_S)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory, judge_of_session: JudgeDouble) -> Iterator[Node]:
    """A node that serves, with short bounds on idleness and authentication."""
    yield from serving(tmp_path_factory.mktemp("broker"), judge_of_session, OVERRIDES)


@pytest.fixture(scope="session")
def node_admin(node: Node) -> AdminClient:
    """An admin client that is one of the cluster's own."""
    return AdminClient(node.inner | {"logger": _quiet})


@pytest.fixture
def new_tenant(node: Node, node_admin: AdminClient, judge: JudgeDouble) -> Callable[[], Tenant]:
    """Makes tenants, each with a namespace of its own that holds the topics ``events`` and ``more``."""
    return tenants_of(node, node_admin, judge)


@pytest.fixture
def tenant(new_tenant: Callable[[], Tenant]) -> Tenant:
    return new_tenant()


def serving(home: Path, judge: JudgeDouble, overrides: dict[str, str], **more: Any) -> Iterator[Node]:
    """A node that serves, until the generator is closed; ``more`` is handed to :func:`start`."""
    node = start(home, judge_url=judge.url, judge_secret=judge.secret, overrides=overrides, **more)
    try:
        admin = AdminClient(node.inner | {"logger": _quiet})
        until(lambda: _serves(node, admin), within_s=PATIENCE_S)
        yield node
    finally:
        node.stop()


def tenants_of(node: Node, node_admin: AdminClient, judge: JudgeDouble) -> Callable[[], Tenant]:
    """What makes tenants of a node."""
    reader = Tenant(node=node, key=_reader_key(), namespace="")
    judge.keys[reader.key.access_key_id] = reader.key

    def make() -> Tenant:
        subject = str(uuid.uuid4())
        namespace = f"ns-{subject[-12:]}"
        key_id = _key_id()
        key = Key(principal=subject, access_key_id=key_id, rules=tenant_rules(namespace))
        judge.keys[key_id] = key
        new = [NewTopic(f"{namespace}.{name}", 1, 1) for name in ("events", "more")]
        until(lambda: _created(node_admin, new), within_s=PATIENCE_S)
        until(lambda: _all_led(reader, [topic.topic for topic in new]), within_s=PATIENCE_S)
        return Tenant(node=node, key=key, namespace=namespace)

    return make


def tenant_rules(namespace: str) -> list[dict[str, Any]]:
    """The rights that a tenant has on its namespace."""
    return [
        allow(["Connect", "WriteDataIdempotently"], [CLUSTER_ARN]),
        allow(
            ["DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData", "WriteData"],
            [arn("topic", f"{namespace}.*")],
        ),
        allow(["DescribeGroup", "AlterGroup", "DeleteGroup"], [arn("group", f"{namespace}.*")]),
        allow(
            ["DescribeTransactionalId", "AlterTransactionalId"], [arn("transactional-id", f"{namespace}.*")]
        ),
    ]


def _key_id() -> str:
    return "AKIA" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(16))


def _reader_key() -> Key:
    """A key that may read everything, so that a test can see when a new topic is ready."""
    return Key(principal=str(uuid.uuid4()), access_key_id=_key_id(), rules=[allow(["*"], ["*"])])


def _created(node_admin: AdminClient, new: list[NewTopic]) -> bool:
    """Whether the topics are there; a node that ends idle connections may end the one just used again."""
    for made in node_admin.create_topics(new).values():
        try:
            made.result(PATIENCE_S)
        except KafkaException as error:
            if error.args[0].code() == KafkaError._DESTROY_BROKER:
                return False
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    return True


def _all_led(reader: Tenant, topics: list[str]) -> bool:
    """Whether the broker leads the topics that the controller has made."""
    with Connection(reader.node) as connection:
        connection.authenticate(reader.token())
        return all(connection.fetch(topic, max_wait_ms=0) == 0 for topic in topics)


def _serves(node: Node, admin: AdminClient) -> bool:
    assert node.process.poll() is None, node.log_file.read_text()
    try:
        return bool(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def _setting(name: str) -> str:
    return name if name.endswith("_cb") else name.replace("_", ".")


class _Quiet:
    """librdkafka's own log lines; tests look at results."""

    def log(self, *_: object) -> None: ...

    def isEnabledFor(self, _: int) -> bool:  # noqa: N802
        return False


_quiet = _Quiet()
