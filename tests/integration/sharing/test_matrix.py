"""A sample of the matrix of rights on the wire: real people, clients, brokers, judge and service.

The short form is pairwise: every person meets every place, every request (of the service's, each fourth one)
and every moment, and so on for each two of those. The long form is all of it. What is decided in full, and
what is lawful, stands in `tests.unit.access_matrix`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product

import pytest
from confluent_kafka import KafkaException

from tests.integration.sharing.cast import Cast
from tests.integration.sharing.kafka import OPERATIONS, allowed
from tests.integration.sharing.pairwise import pairwise
from tests.patience import PATIENCE_S
from tests.unit.access_matrix import operations, routes
from tests.unit.access_matrix.law import (
    GROUP,
    LAB,
    NOBODYS_PROJECT,
    PEOPLE,
    PERSONAL,
    SHARED_PROJECTS,
    SHARED_TOPICS,
    Law,
    Place,
    roles,
    shared_with,
)
from tests.unit.access_matrix.routes import ASKS, STRANGER, Ask, Needs

IN_FORCE_S = PATIENCE_S
"""Five seconds are promised on an idle machine; the figures are in `test_revocation`."""

RECIPIENTS = (*(PEOPLE[role].subject for role in ("grantee", "project member", "suspended")), GROUP)
PLACES = (
    *(Place(namespace, topic) for namespace in (PERSONAL, LAB) for topic in SHARED_TOPICS.values()),
    Place(PERSONAL, "for-read2"),
    *(Place(project, "events") for project in (*SHARED_PROJECTS.values(), NOBODYS_PROJECT)),
)
LET, REFUSED = "let", "refused"
MOMENTS = ("before", "given", "taken")
HARMLESS = tuple(
    ask
    for ask in ASKS
    if ask.on is not None
    and ask.needs is not Needs.NOTHING
    and (ask.route.startswith("GET") or "dry_run" in ask.query or "{grant_id}" in ask.route)
)
"""Requests about places that change nothing, whoever is let do them."""

Request = str | Ask
"""An operation of Kafka's, or a request to the service."""
Cell = tuple[str, Place, Request, str]


def _sample() -> list[Cell]:
    return pairwise(tuple(PEOPLE), PLACES, (*OPERATIONS, *HARMLESS[::4]), MOMENTS)  # type: ignore[return-value]


def _everything() -> list[Cell]:
    return list(product(PEOPLE, PLACES, (*OPERATIONS, *HARMLESS), MOMENTS))


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(_sample, id="pairwise", marks=pytest.mark.timeout(900)),
        pytest.param(_everything, id="all", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_what_is_let_is_lawful(cast: Cast, cells: Callable[[], list[Cell]]) -> None:
    law, began = Law(), time.monotonic()
    law.give(roles())
    wanted, wrong, asked = cells(), [], 0
    for moment in _moments(cast, law):
        # Those of the suspended have no key that works: brokers do not let them in at all.
        now = [cell for cell in wanted if cell[3] == moment and not _shut_out(cell)]
        settles = time.monotonic() + IN_FORCE_S
        verdicts = cast.together(lambda cell: _verdict(cast, law, cell, settles), now)  # noqa: B023
        wrong += [
            f"{moment}: {cell[0]}: {cell[2]} at {cell[1]}: {told}"
            for cell, told in zip(now, verdicts, strict=True)
            if told
        ]
        asked += len(now)
    print(f"on the wire: {asked} decisions in {time.monotonic() - began:.0f} s")  # noqa: T201
    assert not wrong, "\n".join(wrong)


def _moments(cast: Cast, law: Law) -> Iterator[str]:
    yield "before"
    shared = shared_with(*RECIPIENTS)
    cast.give(shared)
    law.give(shared)
    yield "given"
    cast.take(shared)
    law.take(shared)
    yield "taken"


def _shut_out(cell: Cell) -> bool:
    return PEOPLE[cell[0]].suspended and isinstance(cell[2], str)


def _verdict(cast: Cast, law: Law, cell: Cell, settles: float) -> str:
    """What is not lawful about it; empty for nothing. Policies get so long to follow."""
    role, place, request, _ = cell
    while True:
        if isinstance(request, str):
            lawful = operations.lawful(law, PEOPLE[role], request, place, datetime.now(UTC))
            told = _of_kafka(cast, role, request, place)
        else:
            lawful = routes.lawful(law, PEOPLE[role], request, place, datetime.now(UTC))
            told = _of_service(cast, role, request, place)
        if told == (LET if lawful else REFUSED):
            return ""
        if time.monotonic() > settles:
            return told
        time.sleep(0.2)


def _of_kafka(cast: Cast, role: str, operation: str, place: Place) -> str:
    own = f"{cast.people[role].namespace}.mine"
    try:
        return LET if allowed(operation, cast.clients[role], cast.name(place), own) else REFUSED
    except KafkaException as error:
        return str(error)


def _of_service(cast: Cast, role: str, ask: Ask, place: Place) -> str:
    status, text = cast.asked(role, *_sent(cast, ask, place))
    if status == 403:
        return REFUSED
    # What a request about nobody's rights names may not be there.
    return LET if status == 200 or isinstance(ask.needs, Needs) else f"{status} {text[:200]}"


def _sent(cast: Cast, ask: Ask, place: Place) -> tuple[str, str, object]:
    method, _, path = ask.route.partition(" ")
    filled = {
        "namespace": cast.namespace(place.namespace),
        "topic": place.topic,
        "name": cast.namespace(place.namespace),
        "grant_id": f"{ask.given}-user-{STRANGER}",
        "access_key": f"AKIA{'X' * 16}",
    }
    return method, (f"{path}?{ask.query}" if ask.query else path).format(**filled), ask.body
