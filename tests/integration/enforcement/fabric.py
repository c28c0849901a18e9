"""A broker whose policies the real judge reads from IAM, and people with accounts on it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from octopus.kafka.client import client_settings
from octopus.settings import ServiceSettings
from octopus.web.assembly import Features, assemble
from tests.callers import caller_of
from tests.integration.broker.judge_double import until
from tests.integration.broker.node import CLASS_PATH, CLUSTER_ARN, Node
from tests.integration.broker.node import start as start_node
from tests.integration.enforcement.codec import TEST_CLASSES, Codec
from tests.integration.enforcement.connection import Connection
from tests.integration.service.deployment import Deployment, aws_environment, deploy
from tests.patience import PATIENCE_S
from tests.ports import free_port

JUDGE_SECRET = "the-judge-and-the-broker-know-this"


@dataclass(frozen=True)
class Principal:
    """Somebody with a key.

    Attributes:
        namespace: what the names of its topics, groups and transactional ids begin with, before a dot.
    """

    subject: str
    namespace: str
    key: Credentials = field(repr=False)

    def token(self, region: str = "us-east-1") -> str:
        """An OAUTHBEARER token, as AWS's own signer makes it."""
        key = self.key

        class Fixed(CredentialProvider):
            def load(self) -> Credentials:
                return key

        signed, _ = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(region, Fixed())
        return str(signed)


@dataclass(frozen=True)
class Fabric:
    """The running parts, and the services that make accounts, keys and topics on them."""

    node: Node
    deployment: Deployment
    features: Features
    codec: Codec
    judge_pid: int
    questions_file: Path
    """What Kafka asked the authorizer, a JSON object a line."""

    def person(self, *topics: str) -> Principal:
        """Somebody new with an account, a key and topics, all made by the services."""
        subject = str(uuid.uuid4())
        account = self.features.accounts.create(subject)
        (namespace,) = account.namespaces
        for topic in topics:
            self.features.topics.create(caller_of(subject), namespace, topic)
        key = self.features.keys.current(subject)
        return Principal(subject, namespace, Credentials(key.access_key_id, key.secret))

    def operator(self) -> Principal:
        """Somebody who may do whatever a policy can allow."""
        return self._platform("operator", ["kafka-cluster:*"])

    def bystander(self) -> Principal:
        """Somebody who may connect and nothing more."""
        return self._platform("bystander", ["kafka-cluster:Connect"])

    @retry(
        retry=retry_if_exception_type(ConnectionError),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_fixed(0.2),
        reraise=True,
    )
    def connect(self, principal: Principal) -> Connection:
        """A connection on which the principal is known.

        While there is no verdict it is tried again, as any client does.
        """
        with ExitStack() as opened:
            connection = opened.enter_context(Connection(self.node, self.codec))
            refusal = connection.authenticate(principal.token())
            assert refusal == b"", refusal
            opened.pop_all()
        return connection

    def settings(self, principal: Principal, **more: Any) -> dict[str, Any]:
        """Settings of a librdkafka client that signs with the principal's key."""
        settings = client_settings(
            bootstrap_servers=self.node.bootstrap_servers,
            ca_file=self.node.ca_file,
            credentials=principal.key,
        )
        return settings | {"log_level": 0} | {name.replace("_", "."): value for name, value in more.items()}

    def audited(self, principal: Principal) -> list[dict[str, Any]]:
        """The audit lines of the principal so far."""
        lines = [json.loads(line) for line in self.node.audit_file.read_text().splitlines()]
        return [line for line in lines if line["principal"] == principal.subject]

    def _platform(self, name: str, actions: list[str]) -> Principal:
        user, iam = self.deployment.user_of(name), self.deployment.client("iam")
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.create_user(UserName=user, Path=f"/octopus/{self.deployment.settings.institution}/")
        iam.put_user_policy(UserName=user, PolicyName="kafka", PolicyDocument=json.dumps(policy))
        iam.close()
        return Principal(name, name, Credentials(*self.deployment.platform_key(name)))


@contextmanager
def running_fabric(emulator: str, home: Path) -> Iterator[Fabric]:
    """Emulator, judge, broker and services, wired as the fabric wires them."""
    judge_port, questions_file = free_port(), home / "questions"
    with ExitStack() as started:
        deployment = deploy(
            emulator, cluster_arn=CLUSTER_ARN, bootstrap_servers="", globus_url="", globus_secret="-"
        )
        judge_pid = started.enter_context(_judge(deployment, judge_port, home / "judge.log"))
        node = start_node(
            home,
            judge_url=f"http://127.0.0.1:{judge_port}",
            judge_secret=JUDGE_SECRET,
            overrides={
                "authorizer.class.name": "org.octopus.broker.wire.RecordingAuthorizer",
                "test.questions.file": str(questions_file),
            },
            class_path=f"{TEST_CLASSES}:{CLASS_PATH}",
        )
        started.callback(node.stop)
        codec = started.enter_context(Codec())
        until(lambda: _serves(node), within_s=PATIENCE_S)
        settings = ServiceSettings(
            **deployment.settings.model_copy(
                update={"bootstrap_servers": node.bootstrap_servers}
            ).model_dump(),
            kafka_ca_file=node.ca_file,
        )
        service_key = Credentials(*deployment.platform_key("service"))
        with aws_environment(emulator):
            features = assemble(settings, kafka_key=service_key)
        started.callback(features.close)
        yield Fabric(node, deployment, features, codec, judge_pid, questions_file)


@contextmanager
def _judge(deployment: Deployment, port: int, log_file: Path) -> Iterator[int]:
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "octopus.judge"],
            env=deployment.judge_environment(str(port), JUDGE_SECRET),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: _listens(process, port, log_file), within_s=PATIENCE_S)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def _listens(process: subprocess.Popen[bytes], port: int, log_file: Path) -> bool:
    assert process.poll() is None, log_file.read_text()
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").is_success
    except httpx.TransportError:
        return False


def _serves(node: Node) -> bool:
    assert node.process.poll() is None, node.log_file.read_text()
    try:
        return bool(AdminClient(node.inner | {"log_level": 0}).list_topics(timeout=2).brokers)
    except KafkaException:
        return False
