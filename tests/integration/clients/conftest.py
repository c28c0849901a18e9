"""A cluster for the tests of this folder, and other people's clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from octopus.fabric.supervision import wait_until
from tests.integration.broker.node import start
from tests.integration.clients.cluster import SESSION_S, Cluster, Person
from tests.integration.clients.libraries import LIBRARIES, Library
from tests.integration.clients.program import Program
from tests.integration.judge.conftest import running_judge
from tests.integration.judge.institution import CLUSTER_ARN, Institution
from tests.integration.judge.plugin import SECRET
from tests.patience import PATIENCE_S

OVERRIDES = {
    "octopus.cluster.arn": CLUSTER_ARN,
    # Six new principals come at once, on a machine that may be busy, and not every client tries again when
    # its connection closes without a verdict.
    "octopus.judge.timeout.ms": "5000",
    "octopus.judge.outstanding": "15",
    "num.network.threads": "16",
    **{
        f"listener.name.client.{mechanism}.connections.max.reauth.ms": str(SESSION_S * 1000)
        for mechanism in ("oauthbearer", "aws_msk_iam")
    },
}


@pytest.fixture(scope="package")
def cluster(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Emulator, judge and broker, whose sessions are short."""
    home = tmp_path_factory.mktemp("clients")
    institution = Institution(emulator)
    try:
        with running_judge(institution, emulator, home / "judge.log") as judge:
            url = str(judge.http.base_url).rstrip("/")
            node = start(home, judge_url=url, judge_secret=SECRET, overrides=OVERRIDES)
            try:
                made = Cluster(institution, node, home)
                wait_until(made.serves, seconds=PATIENCE_S, what="The broker")
                yield made
            finally:
                node.stop()
    finally:
        institution.close()


@pytest.fixture(scope="package")
def alice(cluster: Cluster) -> Person:
    """Somebody with topics."""
    return cluster.person("alice")


@pytest.fixture(scope="package")
def mallory(cluster: Cluster) -> Person:
    """Somebody else."""
    return cluster.person("mallory")


@pytest.fixture(scope="package")
def programs(cluster: Cluster) -> Iterator[Callable[[Library], Program]]:
    """One process of each library, started when a test first wants it."""
    started: dict[str, Program] = {}

    def start_once(library: Library) -> Program:
        if library.name not in started or not started[library.name].runs:
            started[library.name] = Program(library, cluster.environment, cluster.home / f"{library}.log")
        return started[library.name]

    yield start_once
    for program in started.values():
        program.stop()


@pytest.fixture(params=LIBRARIES, ids=str)
def program(request: pytest.FixtureRequest, programs: Callable[[Library], Program]) -> Iterator[Program]:
    """Each library's process in turn; what a test opens is closed with it."""
    opened = programs(request.param)
    yield opened
    opened.close()
