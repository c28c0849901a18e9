"""Every decision of the web service's routes, against the law.

Rights are decided in full: everybody x every topic and namespace x every grant, before it is given, while it
is, once it is taken, and past its end or the project's. The application itself answers each kind of request
once for every set of rights that anybody has anywhere, and its answer stands for all who have the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.client import BaseClient

from octopus.access.models import Right
from octopus.access.service import Access
from tests.unit.access_matrix.law import (
    LAB,
    NAMESPACES,
    PEOPLE,
    PROJECTS,
    TOPICS,
    Person,
    Place,
)
from tests.unit.access_matrix.routes import ASKS, STRANGER, Ask, Needs, On, lawful
from tests.unit.access_matrix.service import Service, running
from tests.unit.access_matrix.world import World, caller

SHORT = ("while given", "past the projects' end", "taken")
LONG = ("before anything is given", "while given until a time", "past that time", "taken")
"""What happens one after another; a history leaves the world as it was at its beginning."""
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}


@pytest.fixture(scope="module")
def service(world: World) -> Iterator[Service]:
    """The application."""
    with running(world) as service:
        yield service


@dataclass
class Matrix:
    """What came out of it all."""

    decisions: int = 0
    requests: int = 0
    wrong_rights: list[str] = field(default_factory=list)
    wrong_answers: dict[Ask, list[str]] = field(default_factory=lambda: {ask: [] for ask in ASKS})
    allowed: dict[Ask, set[bool]] = field(default_factory=lambda: {ask: set() for ask in ASKS})


@pytest.fixture(
    scope="module", params=[SHORT, pytest.param(LONG, marks=pytest.mark.long)], ids=["short", "until a time"]
)
def matrix(request: pytest.FixtureRequest, world: World, service: Service) -> Matrix:
    """Every decision."""
    found = Matrix()
    answers: dict[object, bool | str] = {}
    for moment in request.param:
        world.becomes(moment)
        access = world.access()
        service.remember()
        for person in PEOPLE.values():
            held = _held(world, access, person, moment, found)
            for ask in ASKS:
                for place in _places(ask, person):
                    expected = lawful(world.law, person, ask, place, world.now)
                    same = (ask, _class_of(ask, person, place, held))
                    if same not in answers:
                        answers[same] = _answer(service, person, ask, place)
                        found.requests += 1
                    found.decisions += 1
                    found.allowed[ask].add(expected)
                    if answers[same] != expected:
                        told = f"{moment}: {person.role} at {place} is let: {answers[same]}"
                        found.wrong_answers[ask].append(told)
    return found


def test_every_route_of_openapi_has_its_need_written_down(service: Service) -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in service.app.openapi()["paths"].items()
        for method in methods.keys() & METHODS
    }
    assert {ask.route for ask in ASKS} == described


def test_rights_are_the_laws(matrix: Matrix) -> None:
    assert matrix.wrong_rights == []


@pytest.mark.parametrize("ask", ASKS, ids=str)
def test_route_serves_whom_the_law_lets(matrix: Matrix, ask: Ask) -> None:
    assert matrix.wrong_answers[ask] == []
    assert matrix.allowed[ask] == ({True} if ask.needs is Needs.NOTHING else {True, False})


@pytest.mark.parametrize("ask", ASKS, ids=str)
def test_route_serves_nobody_without_a_token(service: Service, ask: Ask) -> None:
    method, path, body = _request(ask, PEOPLE["owner"], Place(LAB, "for-read"))
    reply = service.asked(None, method, path, body)
    assert (reply.status_code == 401) == (ask.needs is not Needs.NOTHING), reply.text


@pytest.mark.parametrize("path", ["namespace", "account", "search?q=events"])
def test_own_account_is_read_at_the_door_and_not_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    owner, reads = PEOPLE["owner"], []
    row = str({"pk": {"S": f"SUBJECT#{owner.subject}"}, "sk": {"S": "ACCOUNT"}})
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # the stubs leave it out

    def counted(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if row in str(arguments):
            reads.append(operation)
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    assert service.asked(owner, "GET", f"/api/v3/{path}").status_code == 200

    assert reads == ["GetItem"]


def test_suspended_account_is_moved_to_nobody(service: Service) -> None:
    """Its person would be free again under another identity of his."""
    body = {"token": "suspended"}
    reply = service.asked(PEOPLE["linked to the suspended"], "POST", "/api/v3/account/move", body)
    assert reply.status_code == 403, reply.text
    assert "is suspended" in reply.json()["message"]


def test_decisions_are_counted(matrix: Matrix) -> None:
    print(f"decisions on routes: {matrix.decisions}, out of {matrix.requests} requests")  # noqa: T201
    assert matrix.decisions > 25_000


Held = dict[Place, frozenset[Right]]


def _held(world: World, access: Access, person: Person, moment: str, found: Matrix) -> Held:
    """What the product says that a person may do at each place; what is not the law's is noted."""
    held, asked = {}, caller(person)
    for place in (*NAMESPACES, *TOPICS):
        held[place] = access.rights(asked, place.namespace, place.topic)
        found.decisions += len(Right)
        expected = world.law.rights(person, place, world.now)
        # Suspended people are refused at the door, before anybody asks for their rights.
        if not person.suspended and held[place] != expected:
            found.wrong_rights.append(f"{moment}: {person.role} at {place}: {sorted(held[place])}")
    return held


def _places(ask: Ask, person: Person) -> tuple[Place, ...]:
    if ask.on is None:
        return (Place(person.namespace),)
    if ask.on in (On.PROJECT, On.OWN, On.ANYTHING_IN):
        return NAMESPACES
    return TOPICS


def _class_of(ask: Ask, person: Person, place: Place, held: Held) -> object:
    """Equal for what the application cannot tell apart but by names: it stops the suspended at its door, and
    knows of others whose namespace it is, whether that is a project, and what they hold where it asks."""
    if ask.on is None or person.suspended:
        return person.suspended
    about = [place]
    if ask.on is On.NAMESPACE:
        about.append(Place(place.namespace))
    if ask.on is On.ANYTHING_IN:
        about += [other for other in TOPICS if other.namespace == place.namespace]
    own, project = person.namespace == place.namespace, place.namespace in PROJECTS
    return own, project, *(held[each] for each in about)


def _answer(service: Service, person: Person, ask: Ask, place: Place) -> bool | str:
    """Whether the application lets a person do it; the reply itself if it is none of either kind."""
    method, path, body = _request(ask, person, place)
    reply = service.asked(person, method, path, body)
    told = f"answered {reply.status_code} {reply.text[:300]}"
    if reply.status_code == 403:
        because = "is suspended" if person.suspended else f"not found for {person.subject}"
        return False if because in reply.json()["message"] else told
    if isinstance(ask.needs, Needs):
        # What the request names may not be there, or not to be had, whoever asks.
        return True if reply.status_code not in (401, 500) else told
    return True if reply.status_code == 200 and reply.json()["status"] == "success" else told


def _request(ask: Ask, person: Person, place: Place) -> tuple[str, str, Any]:
    method, _, path = ask.route.partition(" ")
    filled = {
        "namespace": place.namespace,
        "topic": ask.topic or place.topic or "events",
        "name": place.namespace if ask.on else "brand-new",
        "place": str(place),
        "grant_id": f"{ask.given}-user-{STRANGER}",
        "access_key": f"AKIA{'X' * 16}",
    }
    if ask.query:
        path = f"{path}?{ask.query}"
    body = json.loads(json.dumps(ask.body).replace("{place}", filled["place"]))
    return method, path.format(**filled), body
