"""People of a fabric, their topics and records, and what they share, all made as anybody makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.credentials import Credentials
from confluent_kafka import Producer

from octopus.cli.session import Session
from octopus.identity.apps import client_app, point_globus_at
from octopus.kafka.client import client_settings
from tests.patience import PATIENCE_S
from tests.rehearsal.errors import RehearsalError
from tests.rehearsal.tree import State, Tree

TOPIC = "measurements"
_CLIENT_ID = "2b9d2f5c-fa32-45b5-875b-b24cd343b917"
"""Of the published service, which a fabric on one machine takes as its own."""
_AT_ONCE = 8

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Person:
    """Somebody with an account, a topic and a key, which stays the same whatever version runs."""

    name: str
    subject: str
    secret: str = field(repr=False)
    namespace: str = ""
    key: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def topic(self) -> str:
        """The person's, by its full name."""
        return f"{self.namespace}.{TOPIC}"

    def session(self, state: State) -> Session:
        """Log in; calls are made as this person."""
        point_globus_at(f"http://127.0.0.1:{state.ports['GLOBUS']}/")
        app = client_app("octopus", client_id=self.subject, secret=self.secret, service_client_id=_CLIENT_ID)
        header = app.get_authorizer(_CLIENT_ID).get_authorization_header()
        if header is None:
            raise RehearsalError(f"Globus Auth gave {self.name} no token.")
        url = f"http://localhost:{state.ports['SERVICE']}"
        return Session(subject=self.subject, authorization=header, url=url)

    def kafka(self, state: State) -> dict[str, Any]:
        """Settings of a client that signs with the person's key."""
        settings = client_settings(
            bootstrap_servers=self.key["endpoint"],
            ca_file=state.home / "tls" / "ca.pem",
            credentials=Credentials(self.key["access_key"], self.key["secret_key"]),
        )
        # That no broker answers while versions change is known: what is written or read in the end counts.
        return {**settings, "log_level": 0}


def at_once(work: Callable[[T], R], each: Iterable[T]) -> list[R]:
    """Do the work for each, some at a time; clients of Kafka wait more than they work."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(work, each))


def people(tree: Tree, names: Sequence[str]) -> list[Person]:
    """Make accounts, each with a key and a topic."""
    made = []
    for name in names:
        who = tree.octopus("env", "--as", name)
        person = Person(name, who["DIASPORA_SDK_CLIENT_ID"], who["DIASPORA_SDK_CLIENT_SECRET"])
        session = person.session(tree.state)
        namespace = session.call("POST", "user")["namespace"]
        key = session.call("POST", "key")
        session.call("POST", f"{namespace}/{TOPIC}")
        made.append(Person(person.name, person.subject, person.secret, namespace, key))
    return made


def share(everybody: Sequence[Person], grants: int, state: State) -> None:
    """Give so many grants, spread over all: each topic to the next people, to read and to write in turn."""
    sessions = {person.name: person.session(state) for person in everybody}
    for number in range(grants):
        turn, owner = divmod(number, len(everybody))
        other = everybody[(owner + 1 + turn) % len(everybody)]
        path = f"{everybody[owner].namespace}/{TOPIC}/grants"
        right = ("read", "write")[turn % 2]
        sessions[everybody[owner].name].call("POST", path, {"who": other.subject, "right": right})


def ask_again(everybody: Sequence[Person], state: State) -> None:
    """Ask for each person's account and key as if there were none; the account's policies are mended by that.

    Raises:
        RehearsalError: somebody was given another key.
    """
    for person in everybody:
        session = person.session(state)
        session.call("POST", "user")
        again = session.call("POST", "key")
        if any(again[part] != person.key[part] for part in ("access_key", "secret_key")):
            raise RehearsalError(f"{person.name} was given another key than before.")


def write(everybody: Sequence[Person], records: int, state: State) -> None:
    """Write so many records, spread over all, each person with the own key into the own topic.

    Raises:
        RehearsalError: one was not acknowledged.
    """

    def of(numbered: tuple[int, Person]) -> None:
        index, person = numbered
        failed: list[Any] = []
        producer = Producer({**person.kafka(state), "acks": "all", "enable.idempotence": True})
        for number in range(index, records, len(everybody)):
            producer.produce(
                person.topic,
                key=b"%d" % (number % 7),
                value=b"%d " % number + bytes(number % 256 for _ in range(number % 500)),
                headers={"instrument": person.name.encode(), "number": b"%d" % number},
                on_delivery=lambda error, _: failed.append(error) if error else None,
            )
            producer.poll(0)
        if producer.flush(PATIENCE_S) or failed:
            raise RehearsalError(f"{person.name} could not write to {person.topic}: {failed[:1]}")

    at_once(of, enumerate(everybody))
