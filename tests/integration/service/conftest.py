"""Two replicas of the service, an emulator, a stand-in for Globus Auth, the real judge and a real broker."""

from __future__ import annotations

import secrets
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from botocore.credentials import Credentials
from tenacity import retry, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from octopus.kafka.admin import TopicAdmin
from octopus.settings import ServiceSettings
from octopus.web.assembly import Features, assemble
from tests.aws_calls.recording import CALLS_FILE, ROOT, recorded_command, recording
from tests.integration.broker.node import CLUSTER_ARN, Node
from tests.integration.broker.node import start as start_node
from tests.integration.globus.process import SERVICE_SECRET, StandIn
from tests.integration.service.deployment import Deployment, aws_environment, deploy, operator_environment
from tests.integration.service.replica import Person, Replica, new_person
from tests.integration.service.shell import Shell
from tests.patience import PATIENCE_S


@pytest.fixture(scope="session")
def globus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A running stand-in for Globus Auth."""
    stand_in = StandIn(tmp_path_factory.mktemp("service-globus"))
    stand_in.start()
    try:
        yield stand_in
    finally:
        stand_in.stop()


@pytest.fixture(scope="session")
def judge_address() -> str:
    """Where the judge will listen: the broker is told before the judge can start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="session")
def judge_secret() -> str:
    """Shared by the judge and the broker."""
    return secrets.token_urlsafe(24)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, judge_address: str, judge_secret: str) -> Iterator[Node]:
    """A real broker whose policies come from IAM."""
    node = start_node(
        tmp_path_factory.mktemp("service-broker"),
        judge_url=judge_address,
        judge_secret=judge_secret,
        overrides={},
    )
    try:
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="session")
def deployment(emulator: str, globus: StandIn, broker: Node) -> Deployment:
    """What the stacks make."""
    return deploy(
        emulator,
        cluster_arn=CLUSTER_ARN,
        bootstrap_servers=broker.bootstrap_servers,
        globus_url=globus.url,
        globus_secret=SERVICE_SECRET,
    )


@pytest.fixture(scope="session")
def judge(
    tmp_path_factory: pytest.TempPathFactory, deployment: Deployment, judge_address: str, judge_secret: str
) -> Iterator[str]:
    """The judge's address, once it listens."""
    home = tmp_path_factory.mktemp("service-judge")
    environment = deployment.judge_environment(judge_address.rpartition(":")[2], judge_secret)
    with recording("judge", home / "calls") as calls, (home / "log").open("wb") as output:
        process = subprocess.Popen(
            recorded_command("octopus.judge"),
            cwd=ROOT,
            env={**environment, CALLS_FILE: str(calls)},
            stdout=output,
            stderr=output,
        )
        try:
            _await_answer(f"{judge_address}/health", process, home / "log")
            yield judge_address
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


@pytest.fixture(scope="session")
def service_calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where replicas write down what they ask of AWS; nothing of it may be new."""
    with recording("service", tmp_path_factory.mktemp("service-calls") / "calls") as calls:
        yield calls


@pytest.fixture(scope="session")
def service_environment(deployment: Deployment, broker: Node, service_calls: Path) -> dict[str, str]:
    """What a replica is told, its own AWS key included."""
    access_key_id, secret = deployment.platform_key("service")
    told = {f"OCTOPUS_{name.upper()}": str(value) for name, value in deployment.settings.model_dump().items()}
    return {
        **told,
        **operator_environment(deployment.endpoint),
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "OCTOPUS_KAFKA_CA_FILE": str(broker.ca_file),
        "OCTOPUS_BROKER_AUDIT_LOGS": str(broker.audit_file),
        "OCTOPUS_LAST_REQUESTS_S": "1",
        "OCTOPUS_GROUPS_POLL_SECONDS": "4",
        CALLS_FILE: str(service_calls),
    }


@pytest.fixture(scope="session")
def replicas(
    tmp_path_factory: pytest.TempPathFactory, service_environment: dict[str, str], judge: str
) -> Iterator[list[Replica]]:
    """Two replicas that can do everything."""
    home = tmp_path_factory.mktemp("service")
    started = [Replica(home / f"log-{number}", service_environment) for number in (1, 2)]
    try:
        for replica in started:
            replica.start()
        for replica in started:
            _await_ready(replica)
        yield started
    finally:
        statuses = [replica.stop() for replica in started]
        assert statuses == [0, 0]


@pytest.fixture
def replica(replicas: list[Replica]) -> Replica:
    """One of them."""
    return replicas[0]


@pytest.fixture(scope="session")
def features(
    deployment: Deployment, broker: Node, replicas: list[Replica], service_environment: dict[str, str]
) -> Iterator[Features]:
    """The service's features in this process, as whoever repairs a fabric holds them."""
    key = Credentials(service_environment["AWS_ACCESS_KEY_ID"], service_environment["AWS_SECRET_ACCESS_KEY"])
    settings = ServiceSettings(**deployment.settings.model_dump(), kafka_ca_file=broker.ca_file)
    with aws_environment(deployment.endpoint):
        assembled = assemble(settings, kafka_key=key)
    yield assembled
    assembled.close()


@pytest.fixture
def kafka(features: Features) -> TopicAdmin:
    """Kafka, with the service's rights."""
    return features.kafka


@pytest.fixture
def new_people(globus: StandIn) -> Callable[[], Person]:
    """Makes people with a token."""
    return lambda: new_person(globus)


@pytest.fixture
def shells(globus: StandIn, replica: Replica, broker: Node) -> Iterator[Callable[[], Shell]]:
    """Opens a shell of somebody new."""
    homes = ExitStack()

    def opened() -> Shell:
        who = globus.identity(f"p{uuid.uuid4().hex[:10]}")
        environment = {
            "COLUMNS": "200",
            "DIASPORA_SDK_CLIENT_ID": who.id,
            "DIASPORA_SDK_CLIENT_SECRET": who.secret,
            "GLOBUS_SDK_SERVICE_URL_AUTH": globus.url,
            # Of a short name, since a socket lies in it.
            "OCTOPUS_HOME": homes.enter_context(tempfile.TemporaryDirectory(prefix="o-")),
            "OCTOPUS_KAFKA_CA_FILE": str(broker.ca_file),
            "OCTOPUS_SERVICE_PORT": str(replica.port),
            "OCTOPUS_GLOBUS_PORT": str(globus.port),
        }
        return Shell(who.username, environment)

    with homes:
        yield opened


@pytest.fixture
def person(new_people: Callable[[], Person]) -> Person:
    """Somebody new."""
    return new_people()


@retry(
    retry=retry_if_exception_type(httpx.TransportError),
    stop=stop_after_delay(PATIENCE_S),
    wait=wait_fixed(0.1),
    reraise=True,
)
def _await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        raise RuntimeError(f"the process ended with {process.returncode}: {log.read_text()}")
    httpx.get(url).raise_for_status()


@retry(
    retry=retry_if_result(lambda ready: not ready), stop=stop_after_delay(PATIENCE_S), wait=wait_fixed(0.2)
)
def _await_ready(replica: Replica) -> bool:
    return httpx.get(f"{replica.url}/health/ready", timeout=PATIENCE_S).status_code == 200


@pytest.fixture(scope="module")
def without_kafka(
    tmp_path_factory: pytest.TempPathFactory, service_environment: dict[str, str]
) -> Iterator[Replica]:
    """A replica that cannot reach the brokers: whatever asks them takes seconds."""
    home = tmp_path_factory.mktemp("without-kafka")
    replica = Replica(home / "log", {**service_environment, "OCTOPUS_BOOTSTRAP_SERVERS": "127.0.0.1:9"})
    try:
        replica.start()
        yield replica
    finally:
        replica.stop()
