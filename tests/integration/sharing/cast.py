"""The people and places of the law as a running fabric has them: accounts, keys, topics, projects, grants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from botocore.credentials import Credentials
from confluent_kafka import Producer

from octopus.globus.groups import Groups, Role
from octopus.globus.store import IdentityStore
from octopus.kafka.client import client_settings
from octopus.web.assembly import Features
from tests.integration.broker.node import Node
from tests.integration.globus.process import SERVICE_CLIENT_ID, StandIn
from tests.integration.service.replica import Person, Replica, new_person
from tests.integration.sharing.kafka import Client
from tests.patience import PATIENCE_S
from tests.unit.access_matrix import law
from tests.unit.access_matrix.law import GROUP, PEOPLE, PROJECTS, TOPICS, Given, Place

AT_ONCE = 4
"""Requests that are under way together: the machine is small."""


class Cast:
    """Everybody by his role, with a key each; the suspended one is suspended."""

    def __init__(
        self,
        globus: StandIn,
        identities: IdentityStore,
        replicas: list[Replica],
        broker: Node,
        features: Features,
    ) -> None:
        self._replicas = replicas
        self._broker = broker
        found = {role: identities.ensure_identity(_name(role)) for role in PEOPLE}
        for role, person in PEOPLE.items():
            if person.linked_with:
                identities.link(found[role].id, found[person.linked_with].id)
        groups = Groups(identities.database)
        self.group = groups.create("beamline", admin=found["owner"].id).id
        groups.put(self.group, SERVICE_CLIENT_ID, role=Role.MANAGER)
        for role, person in PEOPLE.items():
            if person.in_group:
                groups.put(self.group, found[role].id, role=Role.MEMBER)
        self.people = {role: new_person(globus, _name(role)) for role in PEOPLE}
        self._namespaces = {person.namespace: self.people[role].namespace for role, person in PEOPLE.items()}
        keys = self.together(lambda person: self.call(person, "POST", "/api/v3/key"), self.people.values())
        self._keys = dict(zip(self.people, keys, strict=True))
        self.clients = {role: Client(self._settings(role)) for role in self.people}
        self._make_places()
        features.suspensions.suspend(self.people["suspended"].subject)

    def namespace(self, of_law: str) -> str:
        """What the fabric calls a namespace of the law."""
        return self._namespaces.get(of_law, of_law)

    def name(self, place: Place) -> str:
        """A topic's full name."""
        return f"{self.namespace(place.namespace)}.{place.topic}"

    def identity(self, of_law: str) -> dict[str, str]:
        """Whom a grant of the law names, as requests do."""
        if of_law == GROUP:
            return {"group": self.group}
        role = next(role for role, person in PEOPLE.items() if person.subject == of_law)
        return {"who": self.people[role].subject}

    def give(self, grants: Iterable[Given]) -> None:
        """By whoever manages each place."""
        self.together(self._give, grants)

    def take(self, grants: Iterable[Given]) -> None:
        """Likewise."""
        self.together(self._take, grants)

    def call(self, person: Person, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The body of a request that must succeed."""
        return person.get(self._replicas[0], method, path, body)

    def asked(self, role: str, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and text of a reply, of one replica or the other."""
        replica = self._replicas[hash((role, path)) % len(self._replicas)]
        reply = self.people[role].call(replica, method, path, body=body)
        return reply.status_code, reply.text

    @staticmethod
    def together(do: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """Do it with each of the items, some at once; results in order."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(do, items))

    def _settings(self, role: str) -> dict[str, Any]:
        """Of a client of librdkafka that signs with somebody's key."""
        key = self._keys[role]
        return client_settings(
            bootstrap_servers=self._broker.bootstrap_servers,
            ca_file=self._broker.ca_file,
            credentials=Credentials(key["access_key"], key["secret_key"]),
        ) | {"log_level": 0}

    def _make_places(self) -> None:
        for project in PROJECTS:
            self.call(self.people["project owner"], "POST", f"/api/v3/projects/{project}")
        self.give(grant for grant in law.roles() if grant.right == law.MEMBER)
        self.together(self._make_topic, TOPICS)
        producer = Producer(self._broker.inner | {"log_level": 0})
        for place in TOPICS:
            producer.produce(self.name(place), b"first")
        assert producer.flush(PATIENCE_S) == 0

    def _make_topic(self, place: Place) -> None:
        self.call(self._manager(place), "POST", f"/api/v3/{self.name(place).replace('.', '/')}")

    def _manager(self, place: Place) -> Person:
        if place.namespace in PROJECTS:
            return self.people["project owner"]
        return next(
            person for person in self.people.values() if person.namespace == self.namespace(place.namespace)
        )

    def _give(self, grant: Given) -> None:
        kind = "role" if self._is_role(grant) else "right"
        self.call(
            self._manager(grant.place),
            "POST",
            self._grants(grant),
            {**self.identity(grant.to), kind: grant.right},
        )

    def _take(self, grant: Given) -> None:
        ((kind, identity),) = self.identity(grant.to).items()
        grant_id = f"{grant.right}-{'user' if kind == 'who' else 'group'}-{identity}"
        self.call(self._manager(grant.place), "DELETE", f"{self._grants(grant)}/{quote(grant_id)}")

    def _grants(self, grant: Given) -> str:
        if grant.place.topic is not None:
            return f"/api/v3/{self.namespace(grant.place.namespace)}/{grant.place.topic}/grants"
        return f"/api/v3/projects/{grant.place.namespace}/{'members' if self._is_role(grant) else 'grants'}"

    @staticmethod
    def _is_role(grant: Given) -> bool:
        return grant.right in (law.MEMBER, law.OWNER)


def _name(role: str) -> str:
    return role.replace(" ", "-")
