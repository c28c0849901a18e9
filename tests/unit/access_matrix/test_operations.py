"""Every decision of Kafka's authorizer, as policies that the product makes decide it, against the law.

Everybody x every topic x every operation x every grant, before it is given, while it is, once it is taken,
and past its end or the project's; of an end by the clock, also under policies that nobody has written since.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from tests.unit.access_matrix.law import PEOPLE, TOPICS, Person, shared_with
from tests.unit.access_matrix.operations import NEEDS, lawful
from tests.unit.access_matrix.world import World

SHORT = ("while given", "past the projects' end", "taken")
LONG = ("before anything is given", "while given until a time", "past that time", "taken")
"""What happens one after another; a history leaves the world as it was at its beginning."""
BY_THE_CLOCK = ("past the projects' end", "past that time")
"""What no policy has to be written for."""
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


@pytest.fixture(
    scope="module", params=[SHORT, pytest.param(LONG, marks=pytest.mark.long)], ids=["short", "until a time"]
)
def matrix(request: pytest.FixtureRequest, world: World) -> Matrix:
    """All decisions."""
    return {
        (moment, role): _decided(world, person, policies[role])
        for moment, policies in _moments(world, request.param)
        for role, person in PEOPLE.items()
    }


def test_every_operation_of_kafka_has_its_need_written_down() -> None:
    assert NEEDS.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("role", PEOPLE)
def test_policies_decide_as_the_law_does(matrix: Matrix, role: str) -> None:
    assert {moment: made.wrong for (moment, who), made in matrix.items() if who == role and made.wrong} == {}


def test_each_grant_is_seen_to_make_a_difference(matrix: Matrix) -> None:
    """Else the matrix would hold of a product that gives nothing."""
    given = next(moment for moment, _ in matrix if moment.startswith("while given"))
    for role in ("grantee", "linked identity", "member by group", "linked to a member"):
        gained = matrix[given, role].allowed - matrix["taken", role].allowed
        shared = {grant.place for grant in shared_with("somebody") if grant.right != "manage"}
        for place in shared:
            assert any(name.startswith(str(place)) for _, name in gained), (role, place)
    for decided in (matrix[given, "suspended"], matrix[given, "linked to the suspended"]):
        assert not any("lab" in name for _, name in decided.allowed)


def test_decisions_are_counted(matrix: Matrix) -> None:
    decisions = sum(decided.asked for decided in matrix.values())
    print(f"decisions on Kafka's operations: {decisions}")  # noqa: T201
    assert decisions > 15_000


def _moments(world: World, history: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Layers]]]:
    """Each moment with everybody's policies; of an end, also with those that were written before it."""
    policies: Mapping[str, Layers] = {}
    for moment in history:
        world.becomes(moment)
        if moment in BY_THE_CLOCK:
            yield f"{moment}, policies as they were", policies
        policies = _policies(world)
        yield moment, policies


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
