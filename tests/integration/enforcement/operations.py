"""The table of Kafka's requests: what the broker asks about each, and what its caller hears."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from tests.integration.broker.node import BROKER

TABLE = BROKER / "src" / "test" / "resources" / "operations.json"

Role = Literal["person", "operator"]
"""A person with an account, or somebody who may do whatever a policy can allow."""
CLOSES = "the connection closes"
"""In place of errors: the broker closes the connection."""


@dataclass(frozen=True)
class Operation:
    """The answer to an operation on a kind of resource, written ``READ TOPIC``.

    Attributes:
        action: of ``kafka-cluster:``, that a policy must allow; empty when no policy can.
        also_needs: further actions on the same resource.
        denied: why nobody but the cluster itself may do it.
    """

    action: str
    also_needs: tuple[str, ...]
    denied: str


@dataclass(frozen=True)
class Sent:
    """A request as a test sends it; ``${own}`` and ``${foreign}`` stand for namespaces in all texts.

    Attributes:
        version: the latest stable one when None.
        answers: errors by what they are about, or ``CLOSES``.
        lists: what the response shows to an operator and hides from others, if anything.
        given: what the owner of the foreign namespace has there: ``member`` of a group, or ``transaction``.
    """

    body: dict[str, Any]
    version: int | None
    answers: dict[Role, dict[str, str] | str]
    lists: str | None
    given: str | None


@dataclass(frozen=True)
class Request:
    """A row of the table.

    Attributes:
        asks: operations that this broker asks the authorizer for, among the requests that are sent.
        not_asked_here: operations that Kafka would ask for otherwise, and when.
        fixed: why the answer is the same whatever policies say; empty when they decide.
    """

    section: str
    name: str
    asks: frozenset[str]
    not_asked_here: dict[str, str]
    fixed: str
    sent: list[Sent]


def operations() -> dict[str, Operation]:
    """Every operation that Kafka knows, by its name."""
    return {
        name: Operation(row.get("action", ""), tuple(row.get("also_needs", ())), row.get("denied", ""))
        for name, row in json.loads(TABLE.read_text())["operations"].items()
    }


def requests() -> list[Request]:
    """Every request, section by section."""
    return [
        Request(
            section=section,
            name=name,
            asks=frozenset(row.get("asks", ())),
            not_asked_here=row.get("not_asked_here", {}),
            fixed=row.get("fixed", ""),
            sent=[_sent(each) for each in row["sent"]],
        )
        for section, rows in json.loads(TABLE.read_text())["requests"].items()
        for name, row in rows.items()
    ]


def _sent(row: dict[str, Any]) -> Sent:
    everybody = row.get("everybody")
    return Sent(
        body=row["body"],
        version=row.get("version"),
        answers={
            "person": row["person"] if everybody is None else everybody,
            "operator": row["operator"] if everybody is None else everybody,
        },
        lists=row.get("lists"),
        given=row.get("given"),
    )
