"""What the web service does for the heartbeat: in every installation, and where no process looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from octopus import aws
from octopus.addresses import open_addresses
from octopus.heartbeat import opening
from octopus.jobs import Job
from octopus.settings import ServiceSettings
from octopus.status.models import Part
from octopus.status.store import StatusStore


class MemoryTopics:
    """Kafka's topics by name, with what they were made with."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, str]] = {}

    def describe(self, name: str) -> object | None:
        """As `TopicAdmin.describe`."""
        return self.held.get(name)

    def create(self, name: str, *, configs: dict[str, str]) -> None:
        """As `TopicAdmin.create`."""
        self.held[name] = configs


@pytest.fixture
def jobs(database: Any, table: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Job]]:
    """The jobs by name."""
    monkeypatch.setattr(aws, "dynamodb", lambda _config: database)
    monkeypatch.setattr(aws, "cloudwatch", lambda _config: None)

    def made(topics: MemoryTopics, **settings: Any) -> dict[str, Job]:
        told = ServiceSettings(
            institution="anl",
            registry_table=table,
            credentials_table="credentials",
            credentials_key_arn="arn:aws:kms:us-east-1:000000000000:key/1",
            archive_bucket="archive",
            client_role_arn="arn:aws:iam::000000000000:role/client",
            cluster_arn="arn:aws:kafka:us-east-1:000000000000:cluster/anl/1",
            bootstrap_servers="127.0.0.1:9",
            globus_secret_name="octopus/anl/globus-client-secret",
            **settings,
        )
        return {job.name: job for job in opening.jobs(told, open_addresses(told), kafka=topics)}  # type: ignore[arg-type]

    return made


def test_topic_is_made_when_it_is_not_there_and_keeps_a_day(jobs: Callable[..., dict[str, Job]]) -> None:
    topics = MemoryTopics()
    (job,) = jobs(topics).values()

    assert job.due()
    job.run()

    assert not job.due()
    assert topics.held == {"octopus.heartbeat": {"cleanup.policy": "delete", "retention.ms": "86400000"}}


def test_service_looks_itself_where_it_is_told_so_and_all_replicas_once_a_minute(
    jobs: Callable[..., dict[str, Job]], database: Any, table: str
) -> None:
    job = jobs(MemoryTopics(), heartbeat="service")["heartbeat"]
    assert job.due()

    StatusStore(database, table).tell(Part.KAFKA_SIGN_IN, works=True)
    assert not job.due()

    StatusStore(database, table, clock=lambda: 0).tell(Part.KAFKA_SIGN_IN, works=True)
    assert job.due()


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("0.0.0.0", "localhost"),  # noqa: S104 - nothing listens
        ("::", "localhost"),
        ("localhost", "localhost"),
        ("10.0.0.7", "10.0.0.7"),
        ("::1", "[::1]"),
    ],
)
def test_service_asks_itself_how_it_is(host: str, asked: str) -> None:
    settings = ServiceSettings.model_construct(listen_host=host, listen_port=8000)
    assert opening._own_url(settings) == f"http://{asked}:8000"
