"""The people and places of the law in a registry, with grants given and taken by the product."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from octopus.access.models import EVERY_TOPIC, Grant, Grantee, GranteeKind, Right
from octopus.access.refresh import Refreshes
from octopus.access.service import Access
from octopus.audit.events import Event
from octopus.audit.trail import Trail
from octopus.identity.models import Caller
from octopus.topics.models import PROJECT_OWNER
from tests.unit.access_matrix.law import (
    GROUP,
    PEOPLE,
    PROJECTS,
    RECIPIENTS,
    TOPICS,
    Given,
    Law,
    Person,
    roles,
    shared_with,
)
from tests.unit.conftest import make_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

START = datetime(2030, 1, 1, tzinfo=UTC)
GRANTS_END = START + timedelta(days=1)
PROJECTS_END = START + timedelta(days=30)


class World:
    """A registry and its law, which change together; the time in it is set by hand."""

    def __init__(self, database: Any) -> None:
        self.now = START
        self.law = Law(projects_end=PROJECTS_END)
        self._database, self._table = database, "registry"
        make_table(database, self._table)
        self._access = self._access_on(database)
        for row in _rows():
            database.put_item(TableName=self._table, Item=row)
        self.give(roles())

    def becomes(self, moment: str) -> None:
        """Bring about what is true at that moment, from the one before it in its history."""
        match moment:
            case "while given":
                self.give(shared_with(*RECIPIENTS))
            case "while given until a time":
                self.give(shared_with(*RECIPIENTS, until=GRANTS_END))
            case "past that time":
                self.now = GRANTS_END
            case "past the projects' end":
                self.now = PROJECTS_END
            case "taken":
                self.now = START
                self.take(shared_with(*RECIPIENTS))
            case other:
                assert other == "before anything is given"

    def access(self) -> Access:
        """Decides by the registry as it is now, and not by what is changed in it later."""
        return self._access_on(_Unchanging(self._database))

    def give(self, grants: Iterable[Given]) -> None:
        """Give these, in the registry and by the law."""
        for given in grants:
            self.law.give([given])
            self._access.give(_grant(given))

    def take(self, grants: Iterable[Given]) -> None:
        """Take these, in the registry and by the law."""
        for given in grants:
            self.law.take([given])
            grant = _grant(given)
            assert self._access.take(grant.namespace, grant.topic, grant, actor="somebody") is not None

    def _access_on(self, database: Any) -> Access:
        table = self._table
        refreshes = _Unhurried(database, table, refresh=lambda _subject: None, clock=self._clock)
        trail = _Untold(database, table, kept_days=1)
        return Access(database, table, trail=trail, refreshes=refreshes, clock=self._clock)

    def _clock(self) -> float:
        return self.now.timestamp()


class _Unchanging:
    """A database that is asked each question once: moto takes its time over every answer."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._answers: dict[str, Any] = {}

    def batch_get_item(self, **asked: Any) -> Any:
        """See boto3."""
        return self._remembered(asked, self._database.batch_get_item)

    def get_paginator(self, operation: str) -> Any:
        """See boto3."""
        pages = self._database.get_paginator(operation)
        return SimpleNamespace(
            paginate=lambda **asked: self._remembered(asked, lambda **asked: list(pages.paginate(**asked)))
        )

    def _remembered(self, asked: dict[str, Any], ask: Callable[..., Any]) -> Any:
        question = json.dumps(asked)
        if question not in self._answers:
            self._answers[question] = ask(**asked)
        return self._answers[question]


class _Unhurried(Refreshes):
    """Writes no policies: the matrix makes each at the moment that it is about."""

    def now(self, *grantees: Grantee) -> None:
        """See `Refreshes.now`."""


class _Untold(Trail):
    """No audit: moto copies its tables for each transaction, and events would soon be most of them."""

    def items(self, *_events: Event) -> list[TransactWriteItemTypeDef]:
        """See `Trail.items`."""
        return []


def caller(person: Person) -> Caller:
    """The person as the door of the web service lets him in."""
    linked = frozenset({PEOPLE[person.linked_with].subject} if person.linked_with else ())
    return Caller(person.subject, person.role, expires=2**40, scopes=frozenset(), linked=linked)


def topic_id_of(name: str) -> str:
    """Kafka's id of a topic, as the registry has it."""
    return f"id-of-{name}"


def _grant(given: Given) -> Grant:
    kind = GranteeKind.GROUP if given.to == GROUP else GranteeKind.USER
    return Grant(
        namespace=given.place.namespace,
        topic=given.place.topic or EVERY_TOPIC,
        grantee=Grantee(kind, given.to),
        right=Right(given.right),
        until=given.until,
        by=PEOPLE["owner"].subject,
        created=START,
    )


def _rows() -> list[dict[str, Any]]:
    """Accounts, namespaces, topics, links and a group's members, as the registry's writers leave them."""
    made = {"S": START.isoformat()}
    rows: list[dict[str, Any]] = [_row(f"GROUP#{GROUP}", "GROUP", name={"S": "group"}, state={"S": "held"})]
    for person in PEOPLE.values():
        state, subject = {"S": "suspended" if person.suspended else "active"}, person.subject
        rows += [
            _row(
                f"SUBJECT#{subject}",
                "ACCOUNT",
                state=state,
                since=made,
                created=made,
                namespaces={"SS": [person.namespace]},
            ),
            _row(
                f"NAMESPACE#{person.namespace}",
                "NAMESPACE",
                owner={"S": subject},
                state=state,
                created=made,
            ),
        ]
        if person.linked_with:
            other = PEOPLE[person.linked_with].subject
            rows.append(_row(f"SUBJECT#{subject}", "IDENTITIES", linked={"SS": [other]}, seen=made))
            rows.append(_row(f"IDENTITY#{other}", f"SUBJECT#{subject}"))
        if person.in_group:
            rows.append(_row(f"GROUP#{GROUP}", f"MEMBER#{subject}"))
            rows.append(_row(f"IDENTITY#{subject}", f"GROUP#{GROUP}"))
    for project in PROJECTS:
        rows.append(
            _row(
                f"NAMESPACE#{project}",
                "NAMESPACE",
                owner={"S": PROJECT_OWNER},
                state={"S": "active"},
                created=made,
                created_by={"S": PEOPLE["project owner"].subject},
                description={"S": "for tests"},
                contact={"S": "nobody"},
                defaults={"S": "{}"},
                bounds={"S": "{}"},
                ends={"S": PROJECTS_END.isoformat()},
            )
        )
    rows += [
        _row(
            f"NAMESPACE#{place.namespace}",
            f"TOPIC#{place.topic}",
            state={"S": "active"},
            created=made,
            topic_id={"S": topic_id_of(str(place))},
        )
        for place in TOPICS
    ]
    return rows


def _row(pk: str, sk: str, **attributes: dict[str, Any]) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **attributes}
