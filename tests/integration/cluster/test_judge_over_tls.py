"""A judge off loopback: it speaks TLS alone, and the plugin believes nobody else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from botocore.credentials import Credentials
from confluent_kafka import KafkaError, KafkaException, Producer

from octopus.fabric.certificates import ensure_certificates
from octopus.fabric.supervision import wait_until
from octopus.kafka.client import client_settings
from tests.integration.broker.node import Node, start
from tests.integration.cluster.own_kafka import Judge
from tests.integration.judge.conftest import judge_environment
from tests.integration.judge.institution import CLUSTER_ARN, Institution, Tenant
from tests.integration.judge.plugin import SECRET
from tests.ports import free_port

SECONDS = 120


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Callable[[Judge], Node]]:
    """Starts a broker that asks a judge."""
    started: list[Node] = []

    def run(judge: Judge) -> Node:
        overrides = {"octopus.judge.ca.file": str(judge.ca_file), "octopus.cluster.arn": CLUSTER_ARN}
        started.append(start(tmp_path, judge_url=judge.url, judge_secret=SECRET, overrides=overrides))
        return started[0]

    yield run
    for broker in started:
        broker.stop()


def test_plugin_asks_a_judge_whose_authority_it_was_given(
    institution: Institution, judge: Judge, node: Callable[[Judge], Node]
) -> None:
    broker, tenant = node(judge), institution.tenant()
    with_key = producer(broker, tenant, tenant.secret)
    wait_until(lambda: signed_in(with_key), seconds=SECONDS, what="the tenant's connection")
    met: list[KafkaError] = []
    wrong = producer(broker, tenant, tenant.secret[::-1], met)
    wait_until(
        lambda: not signed_in(wrong) and any(error.code() == KafkaError._AUTHENTICATION for error in met),
        seconds=SECONDS,
        what="the judge's refusal",
    )


def test_plugin_believes_no_judge_whose_certificate_another_authority_signed(
    institution: Institution, judge: Judge, node: Callable[[Judge], Node], tmp_path: Path
) -> None:
    ensure_certificates(tmp_path / "another")
    broker = node(replace(judge, ca_file=tmp_path / "another" / "ca.pem"))
    tenant = institution.tenant()
    client = producer(broker, tenant, tenant.secret)

    def away() -> bool:
        assert not signed_in(client)
        return "The judge at https://localhost" in broker.log_file.read_text()

    wait_until(away, seconds=SECONDS, what="the broker's word on its judge")
    assert tenant.secret not in broker.log_file.read_text()


def test_judge_behind_tls_answers_nobody_who_speaks_plain_http(judge: Judge) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{judge.url.replace('https', 'http')}/health", trust_env=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"OCTOPUS_JUDGE_TLS_CERTIFICATE": "{folder}/ca.pem"}, "go together"),
        ({"OCTOPUS_JUDGE_TLS_KEY": "{folder}/broker.pem"}, "go together"),
        (
            {
                "OCTOPUS_JUDGE_TLS_CERTIFICATE": "{folder}/nothing.pem",
                "OCTOPUS_JUDGE_TLS_KEY": "{folder}/broker.pem",
            },
            "nothing.pem cannot be read",
        ),
    ],
)
def test_half_of_a_certificate_is_refused(
    institution: Institution, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    ensure_certificates(tmp_path)
    settings = {name: value.format(folder=tmp_path) for name, value in given.items()}
    ended = subprocess.run(
        [sys.executable, "-m", "octopus.judge"],
        env=judge_environment(institution, institution.endpoint, free_port()) | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2
    assert said in ended.stderr


def producer(node: Node, tenant: Tenant, secret: str, met: list[KafkaError] | None = None) -> Producer:
    """A librdkafka client that signs with a tenant's key, or with another secret."""
    settings = client_settings(
        bootstrap_servers=node.bootstrap_servers,
        ca_file=node.ca_file,
        credentials=Credentials(tenant.access_key_id, secret),
    )
    heard = [] if met is None else met
    return Producer({**settings, "error_cb": heard.append, "reconnect.backoff.max.ms": 500, "log_level": 0})


def signed_in(client: Producer) -> bool:
    """Whether a client gets an answer from its broker."""
    client.poll(0)
    try:
        return bool(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return False
