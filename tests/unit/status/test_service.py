"""What everybody is told of what works."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from octopus import aws
from octopus.errors import OverLimitError
from octopus.settings import ServiceSettings
from octopus.status.models import UNSEEN, Part, PartReply, StatusReply
from octopus.status.service import KEPT_S, REQUESTS, FabricStatus, open_status
from octopus.status.store import StatusStore

BEGAN = datetime(2026, 11, 22, 18, tzinfo=UTC).timestamp()
MINUTE = 60


class Fabric:
    """One process of the service, a registry that can be away, and a clock."""

    def __init__(self, database: Any, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = BEGAN
        self.ticks = 0.0
        self.checks: dict[str, str | None] = {"globus": None, "dynamodb": "It does not answer"}
        self.registry_answers = True
        self.reads = 0
        self._store = StatusStore(database, table, clock=lambda: self.now)
        self._status = self.replica()
        query = database.query

        def answer(**arguments: Any) -> Any:
            self.reads += 1
            if not self.registry_answers:
                raise EndpointConnectionError(endpoint_url="https://inner-host.example")
            return query(**arguments)

        monkeypatch.setattr(database, "query", answer)

    def replica(self, *, replicas: int = 1, parts: Collection[Part] = tuple(Part)) -> FabricStatus:
        """A process that has just begun."""

        async def checks() -> Mapping[str, str | None]:
            return self.checks

        return FabricStatus(
            self._store,
            checks,
            replicas=replicas,
            parts=parts,
            clock=lambda: self.now,
            monotonic=lambda: self.ticks,
        )

    def tell(self, *parts: Part, works: bool = True) -> None:
        """Whoever looks has looked."""
        for part in parts:
            self._store.tell(part, works=works)

    def later(self, seconds: float) -> None:
        """Time goes by."""
        self.now += seconds
        self.ticks += seconds

    def lose_registry(self) -> None:
        """The registry gives no answer, to a question and to the next."""
        self.registry_answers = False
        self.later(KEPT_S)
        self.read()
        self.later(KEPT_S)

    def read(self, of: FabricStatus | None = None) -> StatusReply:
        """What anybody is told now."""
        return asyncio.run((of or self._status).read())

    def part(self, part: Part) -> PartReply:
        """What he is told of one part."""
        (found,) = [each for each in self.read().parts if each.part is part]
        return found


@pytest.fixture
def fabric(database: Any, table: str, monkeypatch: pytest.MonkeyPatch) -> Fabric:
    return Fabric(database, table, monkeypatch)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(BEGAN + seconds, UTC)


def test_fabric_of_which_every_part_works_is_ok(fabric: Fabric) -> None:
    fabric.tell(*Part)
    fabric.later(MINUTE)
    fabric.tell(*Part)

    told = fabric.read()

    assert (told.overall, told.message, told.heartbeat) == ("ok", "Everything works", at(MINUTE))
    assert told.parts == [PartReply(part=part, works=True, since=at(0), checked=at(MINUTE)) for part in Part]


@pytest.mark.parametrize(
    ("broken", "overall"),
    [
        ([Part.LOGIN], "degraded"),
        ([Part.MANAGEMENT, Part.HTTPS], "degraded"),
        ([Part.CONSUME], "degraded"),
        ([Part.PRODUCE], "degraded"),
        ([Part.PRODUCE, Part.CONSUME], "down"),
        (list(Part), "down"),
    ],
    ids=str,
)
def test_fabric_is_down_when_no_event_goes_in_and_none_comes_out(
    fabric: Fabric, broken: list[Part], overall: str
) -> None:
    fabric.tell(*Part)
    fabric.later(MINUTE)
    fabric.tell(*broken, works=False)

    told = fabric.read()

    assert told.overall == overall
    assert told.message == f"Does not work: {', '.join(broken)}"
    for each in told.parts:
        assert (each.works, each.since) == ((False, at(MINUTE)) if each.part in broken else (True, at(0)))


@pytest.mark.parametrize("broken", [Part.PRODUCE, Part.CONSUME])
def test_newest_heartbeat_is_the_last_that_was_produced_and_consumed(fabric: Fabric, broken: Part) -> None:
    through = {Part.PRODUCE, Part.CONSUME}
    fabric.tell(*(through - {broken}))
    assert fabric.read().heartbeat is None
    fabric.later(MINUTE)
    fabric.tell(*through)
    for _ in range(2):
        fabric.later(MINUTE)
        fabric.tell(*(through - {broken}))
        fabric.tell(broken, works=False)
    assert fabric.read().heartbeat == at(MINUTE)


def test_part_that_nobody_looked_at_for_three_minutes_is_not_known(fabric: Fabric) -> None:
    fabric.tell(*Part)
    fabric.later(UNSEEN.total_seconds())
    fabric.tell(Part.LOGIN, Part.MANAGEMENT)
    assert fabric.read().overall == "ok"

    fabric.later(KEPT_S)
    told = fabric.read()

    assert told.overall == "degraded"
    assert told.message == "Not looked at for 3 minutes: kafka-sign-in, produce, consume, https"
    assert fabric.part(Part.HTTPS) == PartReply(part=Part.HTTPS, works=None, since=None, checked=at(0))
    assert fabric.part(Part.LOGIN).works is True


def test_part_that_nobody_ever_looks_at_counts_for_nothing(fabric: Fabric) -> None:
    """Where public reading is off, nobody reads the heartbeat over HTTPS."""
    fabric.tell(*(set(Part) - {Part.HTTPS}))

    assert fabric.read().overall == "ok"
    assert fabric.part(Part.HTTPS) == PartReply(part=Part.HTTPS, works=None, since=None, checked=None)


def test_part_that_is_no_longer_looked_at_counts_for_nothing(fabric: Fabric) -> None:
    """Public reading was on, and has been switched off."""
    fabric.tell(*Part)
    fabric.later(9 * 24 * 60 * MINUTE)
    fabric.tell(*(set(Part) - {Part.HTTPS}))

    told = fabric.read(fabric.replica(parts=set(Part) - {Part.HTTPS}))

    assert told.overall == "ok"
    assert told.parts[-1] == PartReply(part=Part.HTTPS, works=None, since=None, checked=None)


@pytest.mark.parametrize(("looked_at", "overall"), [(True, "degraded"), (False, "ok")])
def test_deployment_says_whether_https_is_looked_at(
    fabric: Fabric, monkeypatch: pytest.MonkeyPatch, database: Any, table: str, looked_at: bool, overall: str
) -> None:
    fabric.now = time.time()
    fabric.tell(*Part)
    fabric.tell(Part.HTTPS, works=False)
    monkeypatch.setattr(aws, "dynamodb", lambda _config: database)
    settings = ServiceSettings.model_construct(registry_table=table, heartbeat_over_https=looked_at)

    async def checks() -> Mapping[str, str | None]:
        return {}

    assert fabric.read(open_status(settings, checks)).overall == overall


def test_clock_that_is_set_back_keeps_nothing_from_being_learnt(fabric: Fabric) -> None:
    fabric.tell(*Part)
    fabric.read()
    fabric.later(KEPT_S)
    fabric.now -= 60 * MINUTE
    fabric.tell(Part.LOGIN, works=False)

    assert fabric.read().message == "Does not work: login"


def test_fabric_that_nobody_has_looked_at_is_not_said_to_work(fabric: Fabric) -> None:
    told = fabric.read()
    assert (told.overall, told.message) == ("degraded", "Nobody has looked at anything yet")


def test_registry_is_asked_once_in_a_few_seconds_however_many_ask(fabric: Fabric) -> None:
    for _ in range(3):
        fabric.read()
    assert fabric.reads == 1
    fabric.later(KEPT_S)
    fabric.read()
    assert fabric.reads == 2


def test_last_known_is_told_while_the_registry_is_away_and_what_the_process_sees_itself(
    fabric: Fabric,
) -> None:
    fabric.tell(*Part)
    fabric.read()
    fabric.lose_registry()
    fabric.later(MINUTE - 2 * KEPT_S)

    told = fabric.read()
    fabric.later(MINUTE)
    later = fabric.read()

    assert (told.overall, told.message) == ("degraded", "Does not work: management")
    assert (later.overall, later.message) == ("degraded", "Does not work: management")
    management = fabric.part(Part.MANAGEMENT)
    assert (management.since, management.checked) == (at(MINUTE), at(2 * MINUTE))
    login = fabric.part(Part.LOGIN)
    assert (login.works, login.since, login.checked) == (True, at(0), at(2 * MINUTE))
    assert fabric.part(Part.CONSUME).checked == at(0)
    # Of Kafka nothing is known any more.
    fabric.later(MINUTE + 1)
    assert fabric.part(Part.CONSUME).works is None


def test_one_question_without_an_answer_is_no_registry_that_is_away(fabric: Fabric) -> None:
    fabric.tell(*Part)
    fabric.read()
    fabric.registry_answers = False
    fabric.later(KEPT_S)
    assert fabric.read().overall == "ok"

    fabric.registry_answers = True
    fabric.later(KEPT_S)
    fabric.read()
    fabric.registry_answers = False
    fabric.later(KEPT_S)
    assert fabric.read().overall == "ok"
    fabric.later(KEPT_S)
    assert fabric.read().message == "Does not work: management"


def test_process_that_begins_without_a_registry_tells_what_it_sees(fabric: Fabric) -> None:
    fabric.registry_answers = False
    fabric.checks["globus"] = "Nobody can log in to this fabric yet"

    told = fabric.read()

    assert (told.overall, told.message) == ("degraded", "Does not work: login, management")


def test_registry_that_is_back_is_believed(fabric: Fabric) -> None:
    fabric.registry_answers = False
    fabric.read()
    fabric.registry_answers = True
    fabric.tell(*Part)
    fabric.later(KEPT_S)

    assert fabric.read().overall == "ok"

    fabric.lose_registry()
    assert fabric.part(Part.MANAGEMENT).since == at(3 * KEPT_S)


def test_nothing_that_is_inside_is_told(fabric: Fabric) -> None:
    fabric.tell(*Part)
    fabric.read()
    fabric.checks["globus"] = "inner-host does not answer"
    fabric.lose_registry()

    told = fabric.read().model_dump_json()

    assert not [word for word in ("inner-host", "dynamodb", "globus", "kafka:", "iam") if word in told]


def test_rate_is_shared_by_all_callers_and_divided_among_replicas(fabric: Fabric) -> None:
    status = fabric.replica(replicas=1000)
    for _ in range(REQUESTS):
        fabric.read(status)
    with pytest.raises(OverLimitError, match="at most 20 requests a second"):
        fabric.read(status)
