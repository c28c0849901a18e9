"""The web service's application over the registry of the law, without a process: Globus, Kafka in memory."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pytest
from moto.dynamodb.models import dynamodb_backends

from octopus import aws
from octopus.accounts.principal import PATH, IamPrincipals
from octopus.addresses import open_addresses
from octopus.errors import NotAuthenticatedError
from octopus.iam.holdings import Holdings
from octopus.identity.models import Caller
from octopus.identity.service import Authenticator
from octopus.kafka.admin import KafkaTopic
from octopus.settings import ServiceSettings
from octopus.web import assembly
from octopus.web.app import create_app
from octopus.web.assembly import wire
from tests.integration.broker.node import CLUSTER_ARN
from tests.memory_kafka import MemoryGroups, MemoryKafka, MemoryQuotas, MemoryTopic
from tests.unit.access_matrix.law import PEOPLE, TOPICS, Person
from tests.unit.access_matrix.routes import STRANGER
from tests.unit.access_matrix.world import World, caller, topic_id_of
from tests.unit.conftest import make_table

ACCOUNT = "123456789012"
"""Moto's."""


class Service:
    """Answers requests of the law's people, and forgets what they changed."""

    def __init__(self, world: World) -> None:
        self._kafka = MemoryKafka()
        for name in map(str, TOPICS):
            self._kafka.held[name] = KafkaTopic(name, topic_id_of(name), 1)
        settings = _settings()
        features = wire(
            settings,
            addresses=open_addresses(settings),
            kafka=self._kafka,
            groups=MemoryGroups(self._kafka),
            quotas_of_kafka=MemoryQuotas(),
            events=MemoryTopic(),
            clock=lambda: world.now.timestamp(),
        )
        for person in PEOPLE.values():
            aws.iam().create_user(UserName=person.subject, Path=PATH)
        self.app = create_app(settings, features=features, authenticator=_Door())
        self._tables = dynamodb_backends[ACCOUNT]["us-east-1"].tables
        self.remember()
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=self.app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://service")

    def asked(self, person: Person | None, method: str, path: str, body: Any = None) -> httpx.Response:
        """The reply to a request, of somebody without a token if of nobody."""
        headers = {"Authorization": f"Bearer {person.role}", "Subject": person.subject} if person else {}
        reply = self._runner.run(self._client.request(method, path, headers=headers, json=body))
        if method != "GET" and reply.status_code not in (401, 403):
            self._restore()
        return reply

    def remember(self) -> None:
        """What there is now will be there again after each request."""
        items = {name: table.items for name, table in self._tables.items()}
        self._remembered = pickle.dumps((items, self._kafka.held))

    def close(self) -> None:
        """Leave the loop."""
        self._runner.run(self._client.aclose())
        self._runner.close()

    def _restore(self) -> None:
        items, held = pickle.loads(self._remembered)  # noqa: S301 - its own
        for name, rows in items.items():
            self._tables[name].items = rows
        self._kafka.held.clear()
        self._kafka.held.update(held)


@contextmanager
def running(world: World) -> Iterator[Service]:
    """The service over the world's registry, on a simulated AWS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setattr(assembly, "open_globus", lambda _settings: _Globus())
        patch.setattr(assembly, "IamPrincipals", _Principals)
        aws._session.cache_clear()
        make_table(aws.dynamodb(), "credentials")
        service = Service(world)
        try:
            yield service
        finally:
            service.close()
            aws._session.cache_clear()


class _Door(Authenticator):
    """Takes a role for a token; what comes after it is the product's."""

    def __init__(self) -> None:
        """Nothing to connect to."""

    def authenticate(self, authorization: str | None) -> Caller:
        """See `Authenticator.authenticate`."""
        if authorization is None:
            raise NotAuthenticatedError("the Authorization header is missing")
        return caller(PEOPLE[authorization.removeprefix("Bearer ")])


class _Principals(IamPrincipals):
    """Everybody's IAM user is in order: moto knows no changes of boundaries, and what policies say is for
    the matrix of operations."""

    def in_order(self, subject: str, holdings: Holdings) -> bool:
        """See `IamPrincipals.in_order`."""
        return True

    def ensure(self, subject: str, holdings: Holdings) -> Holdings:
        """See `IamPrincipals.ensure`."""
        return holdings


class _Globus:
    """Globus Auth, which knows one more identity."""

    client_id = "service"

    @property
    def identities(self) -> Any:
        """See `GlobusClients.identities`."""
        known = {"identities": [{"id": STRANGER, "username": "stranger@example.org", "email": None}]}
        return SimpleNamespace(get_identities=lambda **_: SimpleNamespace(data=known))

    def close(self) -> None:
        """Nothing is open."""


def _settings() -> ServiceSettings:
    kms: Any = boto3.client("kms", region_name="us-east-1")
    return ServiceSettings(
        institution="t",
        registry_table="registry",
        credentials_table="credentials",
        credentials_key_arn=kms.create_key()["KeyMetadata"]["Arn"],
        archive_bucket="archive",
        principal_boundary_arn=f"arn:aws:iam::{ACCOUNT}:policy/boundary",
        client_role_arn=f"arn:aws:iam::{ACCOUNT}:role/client",
        cluster_arn=CLUSTER_ARN,
        bootstrap_servers="127.0.0.1:9",
        public_url="http://service",
        globus_client_id="service",
        globus_secret_name="unused",
        globus_auth_url="http://127.0.0.1:9/",
        quota_requests=0,
    )
