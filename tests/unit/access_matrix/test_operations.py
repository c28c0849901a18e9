"""Every decision of Kafka's authorizer, as policies that the product makes decide it, against the law.

Everybody x every topic x every operation x every grant, before it is given, while it is, once it is taken,
and past its end or the project's; of an end by the clock, also under policies that nobody has written since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from octopus.access.service import Access
from octopus.accounts.principal import SUSPENDED_POLICY
from octopus.iam.document import parse
from octopus.iam.evaluate import decide
from octopus.iam.generate import principal_boundary, principal_policies
from octopus.iam.models import Layers, Principal
from octopus.iam.normalise import normalise
from tests.integration.broker.node import CLUSTER_ARN, arn
from tests.integration.enforcement.operations import operations
from tests.unit.access_matrix.law import PEOPLE, RECIPIENTS, TOPICS, Person, shared_with
from tests.unit.access_matrix.operations import NEEDS, lawful
from tests.unit.access_matrix.world import GRANTS_END, PROJECTS_END, START, World

MOMENTS = (
    "before anything is given",
    "while given",
    "past the projects' end, policies as they were",
    "past the projects' end",
    "taken",
    "while given until a time",
    "past that time, policies as they were",
    "past that time",
)
OPERATIONS = operations()
BOUNDARY = parse(principal_boundary(cluster_arn=CLUSTER_ARN))
_KINDS = {"TOPIC": "topic", "GROUP": "group", "TRANSACTIONAL_ID": "transactional-id"}


@dataclass
class Moment:
    """What was decided about one person at one moment."""

    asked: int = 0
    allowed: set[tuple[str, str]] = field(default_factory=set)
    """Operation and place."""
    wrong: list[str] = field(default_factory=list)


Matrix = Mapping[tuple[str, str], Moment]
"""By moment and role."""


@pytest.fixture(scope="module")
def matrix(world: World) -> Matrix:
    """All decisions."""
    found = {}
    for moment, policies in _moments(world):
        for role, person in PEOPLE.items():
            found[moment, role] = _decided(world, person, policies[role])
    return found


def test_every_operation_of_kafka_has_its_need_written_down() -> None:
    assert NEEDS.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize("moment", MOMENTS)
def test_policies_decide_as_the_law_does(matrix: Matrix, moment: str, role: str) -> None:
    assert matrix[moment, role].wrong == []


def test_each_grant_is_seen_to_make_a_difference(matrix: Matrix) -> None:
    """Else the matrix would hold of a product that gives nothing."""
    for role in ("grantee", "linked identity", "member by group", "linked to a member"):
        gained = matrix["while given", role].allowed - matrix["before anything is given", role].allowed
        shared = {grant.place for grant in shared_with("somebody") if grant.right != "manage"}
        for place in shared:
            assert any(name.startswith(str(place)) for _, name in gained), (role, place)
    for decided in (matrix["while given", "suspended"], matrix["while given", "linked to the suspended"]):
        assert not any("lab" in name for _, name in decided.allowed)


def test_decisions_are_counted(matrix: Matrix) -> None:
    assert matrix.keys() == {(moment, role) for moment in MOMENTS for role in PEOPLE}
    decisions = sum(decided.asked for decided in matrix.values())
    print(f"decisions on Kafka's operations: {decisions}")  # noqa: T201
    assert decisions > 30_000


def _moments(world: World) -> Iterator[tuple[str, Mapping[str, Layers]]]:
    """Each moment with everybody's policies; those of a moment before stand where nobody wrote new ones."""
    yield MOMENTS[0], _policies(world)
    world.give(shared_with(*RECIPIENTS))
    held = _policies(world)
    yield MOMENTS[1], held
    world.now = PROJECTS_END
    yield MOMENTS[2], held
    yield MOMENTS[3], _policies(world)
    world.now = START
    world.take(shared_with(*RECIPIENTS))
    yield MOMENTS[4], _policies(world)
    world.give(shared_with(*RECIPIENTS, until=GRANTS_END))
    held = _policies(world)
    yield MOMENTS[5], held
    world.now = GRANTS_END
    yield MOMENTS[6], held
    yield MOMENTS[7], _policies(world)


def _policies(world: World) -> dict[str, Layers]:
    access = world.access()
    return {role: _layers(access, person) for role, person in PEOPLE.items()}


def _layers(access: Access, person: Person) -> Layers:
    if person.suspended:
        documents = [SUSPENDED_POLICY]
    else:
        holdings = access.holdings(person.subject, [person.namespace])
        made = principal_policies(cluster_arn=CLUSTER_ARN, holdings=holdings)
        documents = [made.inline, *made.managed]
    user = f"arn:aws:iam::000000000000:user/msk-users/{person.subject}"
    principal = Principal(person.subject, "AIDA", user, cluster_arn=CLUSTER_ARN)
    return normalise(map(parse, documents), principal), normalise([BOUNDARY], principal)


def _decided(world: World, person: Person, layers: Layers) -> Moment:
    moment = Moment()
    for operation, kind in ((name, name.split()[1]) for name in OPERATIONS):
        for place in TOPICS if kind in _KINDS else TOPICS[:1]:
            resource = arn(_KINDS[kind], str(place)) if kind in _KINDS else CLUSTER_ARN
            allowed = _allows(layers, operation, resource, world.now)
            moment.asked += 1
            if allowed:
                moment.allowed.add((operation, str(place)))
            if allowed != lawful(world.law, person, operation, place, world.now):
                moment.wrong.append(f"{operation} {place} is {'allowed' if allowed else 'refused'}")
    return moment


def _allows(layers: Layers, operation: str, resource: str, now: datetime) -> bool:
    """What the plugin answers: every action that the operation needs, and Connect on the cluster."""
    row = OPERATIONS[operation]
    needed = [("Connect", CLUSTER_ARN), *((action, resource) for action in (row.action, *row.also_needs))]
    return row.denied == "" and all(
        decide(
            layers, action=f"kafka-cluster:{action}", resource=on, at_ms=int(now.timestamp() * 1000)
        ).allowed
        for action, on in needed
    )
