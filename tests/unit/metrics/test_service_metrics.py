"""That the web service counts each of its metrics by what it does: requests, jobs, keys, waiting events."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import httpx
import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus import aws
from octopus.accounts.principal import PATH, IamPrincipals
from octopus.addresses import open_addresses
from octopus.errors import NotAuthenticatedError, UnavailableError
from octopus.identity.models import Caller
from octopus.identity.service import Authenticator
from octopus.metrics.catalogue import catalogue
from octopus.metrics.embedded import EmbeddedMetrics
from octopus.metrics.instruments import Instruments
from octopus.settings import ServiceSettings
from octopus.web.app import create_app
from octopus.web.assembly import Features, wire
from octopus.web.background import Background
from tests.embedded_format import metrics_of
from tests.integration.broker.node import CLUSTER_ARN
from tests.memory_kafka import MemoryGroups, MemoryKafka, MemoryQuotas, MemoryTopic
from tests.patience import PATIENCE_S
from tests.shown_metrics import values
from tests.unit.conftest import make_table

ALICE = "6f1f7d1c-7a0e-4d1c-9d55-0d9a6a9a4b11"
BOB = "0a1b2c3d-7a0e-4d1c-9d55-0a1b2c3d4e5f"
NAMESPACE = "ns-0d9a6a9a4b11"
PER_SECOND = 20


class Door(Authenticator):
    """Takes a subject for a token."""

    def __init__(self) -> None:
        """Nothing to connect to."""

    def authenticate(self, authorization: str | None) -> Caller:
        """See `Authenticator.authenticate`."""
        if authorization is None:
            raise NotAuthenticatedError("the Authorization header is missing")
        return Caller(authorization.removeprefix("Bearer "), None, 2**31, frozenset())


class Service:
    """The application over a simulated AWS, and brokers in memory."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.kafka = MemoryKafka()
        self.events = MemoryTopic()
        self.features: Features = wire(
            settings,
            addresses=open_addresses(settings),
            kafka=self.kafka,
            groups=MemoryGroups(self.kafka),
            quotas_of_kafka=MemoryQuotas(),
            events=self.events,
        )
        self._app = create_app(settings, features=self.features, authenticator=Door())

    @property
    def instruments(self) -> Instruments:
        """What it counts with."""
        return self.features.instruments

    def asked(self, subject: str | None, method: str, *paths: str, body: Any = None) -> list[int]:
        """Statuses of requests, one behind the other; of nobody, without a token."""
        headers = {"Authorization": f"Bearer {subject}", "Subject": subject} if subject else {}

        async def send() -> list[int]:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                return [
                    (await client.request(method, path, headers=headers, json=body)).status_code
                    for path in paths
                ]

        return asyncio.run(send())

    def background(self, *names: str) -> Background:
        """Some of its jobs, at work while the block lasts."""
        jobs = [job for job in self.features.jobs if job.name in names]
        assert len(jobs) == len(names)
        return Background(self.features.leases, jobs, self.instruments)


@pytest.fixture
def service(cloud: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # Moto knows no changes of boundaries.
    monkeypatch.setattr(IamPrincipals, "in_order", lambda _self, _subject, _holdings: True)
    monkeypatch.setattr(IamPrincipals, "ensure", lambda _self, _subject, holdings: holdings)
    aws._session.cache_clear()
    for name in ("registry", "credentials"):
        make_table(aws.dynamodb(), name)
    aws.iam().create_user(UserName=ALICE, Path=PATH)
    key: Any = aws.kms().create_key()
    made = Service(
        ServiceSettings(
            institution="lab",
            registry_table="registry",
            credentials_table="credentials",
            credentials_key_arn=key["KeyMetadata"]["Arn"],
            archive_bucket="archive",
            principal_boundary_arn="arn:aws:iam::123456789012:policy/boundary",
            client_role_arn="arn:aws:iam::123456789012:role/client",
            cluster_arn=CLUSTER_ARN,
            bootstrap_servers="127.0.0.1:9",
            public_url="http://service",
            globus_client_id="service",
            globus_secret_name="unused",
            globus_auth_url="http://127.0.0.1:9/",
            quota_requests=PER_SECOND,
        )
    )
    # Printed for people, a traceback takes longer than all of this.
    with capture_logs():
        yield made
    aws._session.cache_clear()


def counts(instruments: Instruments, name: str) -> bool:
    return values(instruments)[name] > 0


def await_that(holds: Callable[[], bool]) -> None:
    attempts = Retrying(
        retry=retry_if_result(lambda held: not held), stop=stop_after_delay(PATIENCE_S), wait=wait_fixed(0.02)
    )
    attempts(holds)


def test_everything_that_the_service_counts_is_counted_by_what_it_does(service: Service) -> None:
    topic = f"/api/v3/{NAMESPACE}/events"

    assert service.asked(None, "GET", "/api/v3/namespace") == [401]
    assert service.asked(BOB, "POST", topic) == [403]
    assert service.asked(ALICE, "POST", "/api/v3/key", topic) == [200, 200]
    rights = {"topics": [f"{NAMESPACE}.events"], "actions": ["read"]}
    assert service.asked(ALICE, "POST", "/api/v3/sessions", body=rights) == [200]
    service.kafka.faults["create"] = UnavailableError("Kafka does not answer")
    assert service.asked(ALICE, "POST", f"{topic}2") == [503]
    service.kafka.faults["create"] = RuntimeError("a mistake of ours")
    assert service.asked(ALICE, "POST", f"{topic}3") == [500]
    often = service.asked(str(uuid.uuid4()), "GET", *["/api/v3/keys"] * (PER_SECOND + 10))
    assert 429 in often

    counted = values(service.instruments)
    assert {name: counted[name] for name in counted if name.startswith("Requests")} == {
        "Requests": 7 + len(often),
        "RequestsRefused": 2,
        "RequestsThrottled": often.count(429),
        "RequestsUnavailable": 1,
        "RequestsFailed": 1,
    }
    assert counted["RequestSeconds"] == counted["Requests"]
    assert (counted["KeysIssued"], counted["SessionsIssued"]) == (1, 1)

    # What was changed above is in the outbox, and stays there.
    service.events.takes = lambda _position: False
    with service.background("publish events"):
        await_that(partial(counts, service.instruments, "AuditWaitingSeconds"))
    for fault in (UnavailableError("Kafka does not answer"), RuntimeError("a mistake of ours")):
        service.kafka.faults["groups"] = fault
        name = "JobsPostponed" if isinstance(fault, UnavailableError) else "JobsFailed"
        with service.background("count at Kafka"):
            await_that(partial(counts, service.instruments, name))

    said = values(service.instruments)
    assert said.keys() == {
        name
        for name, metric in catalogue().items()
        if (metric.component, metric.through) == ("service", "observed")
    }
    assert [name for name, value in said.items() if not value] == []
    lines: list[str] = []
    EmbeddedMetrics(service.instruments, institution="lab").say(lines.append)
    (line,) = lines
    assert metrics_of(line, namespace="Octopus/lab").keys() == said.keys()
    text = generate_latest(service.instruments.registry).decode()
    for private in (ALICE, BOB, NAMESPACE, "events"):
        assert private not in text
        assert private not in line


def test_health_checks_are_no_requests(service: Service) -> None:
    assert service.asked(None, "GET", "/health/live", "/live/health/live") == [200, 200]

    assert values(service.instruments)["Requests"] == 0


def test_each_key_is_counted_once_however_it_came_to_be(service: Service) -> None:
    assert service.asked(ALICE, "POST", "/api/v3/key", "/api/v3/key") == [200, 200]
    assert values(service.instruments)["KeysIssued"] == 1, "the second reply gives the same again"

    (key,) = service.features.keys.recorded(ALICE)
    assert service.asked(ALICE, "POST", f"/api/v3/keys/{key.access_key_id}/rotate") == [200]
    assert values(service.instruments)["KeysIssued"] == 2

    # Two work: there is no room for a third.
    assert service.asked(ALICE, "POST", "/api/v3/keys") == [200]
    assert values(service.instruments)["KeysIssued"] == 2
