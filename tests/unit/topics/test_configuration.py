"""Plans, changes that are cut short, who may make them, and room for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from octopus.access.models import Right
from octopus.access.service import Access
from octopus.audit.events import FABRIC
from octopus.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    OctopusError,
    OverLimitError,
    UnavailableError,
)
from octopus.identity.models import Caller
from octopus.kafka.asking import KafkaAwayError, KafkaRefusedError
from octopus.topics.about import About
from octopus.topics.changes import Wish
from octopus.topics.configuration import Configuration
from octopus.topics.healing import Healing
from octopus.topics.models import State, TopicRecord
from octopus.topics.names import namespace_of
from octopus.topics.service import Topics
from octopus.topics.settings import AskedSettings, TopicSettings
from octopus.topics.store import TopicStore
from octopus.topics.turns import Turns
from tests.callers import caller_of
from tests.memory_kafka import MemoryKafka
from tests.trail import recorded
from tests.unit.topics.world import BOUNDS, NAMESPACE, SUBJECT, shared

OTHER = "b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11"
OWNER = caller_of(SUBJECT)
NAME = f"{NAMESPACE}.events"


@pytest.fixture
def configuration(turns: Turns, kafka: MemoryKafka, topics: Topics) -> Configuration:
    """Of the topic ``events``, which has two partitions."""
    topics.create(OWNER, NAMESPACE, "events", Wish({"partitions": 2}))
    return Configuration(turns=turns, kafka=kafka, bounds=BOUNDS)


@pytest.fixture
def grantee(access: Access) -> Callable[[Right], Caller]:
    """Somebody to whom the topic ``events`` is shared."""

    def given(right: Right) -> Caller:
        access.give(shared(NAMESPACE, "events", OTHER, right))
        return caller_of(OTHER)

    return given


def events(store: TopicStore) -> TopicRecord:
    """The topic as it is recorded."""
    found = store.read(NAMESPACE)
    assert found is not None
    return found.topics["events"]


def test_change_reaches_brokers_registry_and_audit(
    configuration: Configuration, store: TopicStore, kafka: MemoryKafka, database: Any, table: str
) -> None:
    configuration.change(OWNER, NAMESPACE, "events", Wish({"partitions": 3, "retention_ms": 60_000}))

    assert kafka.held[NAME].partitions == 3
    assert kafka.configs.own[NAME] == {"retention.ms": "60000"}
    assert events(store).state is State.ACTIVE
    assert events(store).settings == TopicSettings(partitions=3, retention_ms=60_000)
    last = recorded(database, table)[-1]
    assert (last.type, last.actor, last.topic) == ("topic.changed", SUBJECT, "events")
    assert last.data == {"partitions": 3, "retention_ms": 60_000}


def test_change_of_the_description_asks_nothing_of_the_brokers(
    configuration: Configuration, store: TopicStore, kafka: MemoryKafka
) -> None:
    kafka.faults |= {call: KafkaAwayError("timed out") for call in ("describe", "configs", "alter")}

    configuration.change(OWNER, NAMESPACE, "events", Wish(about={"tags": ("a", "b")}))

    assert events(store).about == About(tags=("a", "b"))


def test_change_to_what_is_already_there_changes_nothing(
    configuration: Configuration, kafka: MemoryKafka, database: Any, table: str
) -> None:
    before = recorded(database, table)
    kafka.faults["describe"] = KafkaAwayError("timed out")

    done = configuration.change(OWNER, NAMESPACE, "events", Wish({"partitions": 2}, {"description": None}))

    assert done.changes == ()
    assert recorded(database, table) == before


@pytest.mark.parametrize("call", ["alter", "partitions"])
def test_change_cut_short_is_said_and_finished_in_the_background(
    configuration: Configuration,
    topics: Topics,
    healing: Healing,
    store: TopicStore,
    kafka: MemoryKafka,
    call: str,
) -> None:
    kafka.faults[call] = KafkaAwayError("timed out")
    wish = Wish({"partitions": 3, "retention_ms": 60_000})
    with pytest.raises(OctopusError, match=r"changed in part .*: call again to finish") as begun:
        configuration.change(OWNER, NAMESPACE, "events", wish)
    assert not isinstance(begun.value, UnavailableError), "something was done"
    assert events(store).state is State.CHANGING
    assert topics.names(NAMESPACE) == ["events"]
    kafka.faults.clear()

    healing.heal(NAME)

    assert kafka.held[NAME].partitions == 3
    assert kafka.configs.own[NAME] == {"retention.ms": "60000"}
    assert events(store).state is State.ACTIVE


def test_change_cut_short_is_finished_by_the_next_call(
    configuration: Configuration, store: TopicStore, kafka: MemoryKafka
) -> None:
    kafka.faults["alter"] = KafkaAwayError("timed out")
    wish = Wish({"retention_ms": 60_000})
    with pytest.raises(OctopusError):
        configuration.change(OWNER, NAMESPACE, "events", wish)
    kafka.faults.clear()

    configuration.change(OWNER, NAMESPACE, "events", wish)

    assert kafka.configs.own[NAME] == {"retention.ms": "60000"}
    assert events(store).state is State.ACTIVE


@pytest.mark.parametrize("healed", [False, True], ids=["at once", "in the background"])
def test_change_that_brokers_refuse_leaves_what_they_have_on_record(
    configuration: Configuration,
    topics: Topics,
    healing: Healing,
    store: TopicStore,
    kafka: MemoryKafka,
    database: Any,
    table: str,
    healed: bool,
) -> None:
    wish = Wish({"partitions": 3, "retention_ms": 60_000})
    if healed:
        kafka.faults["alter"] = KafkaAwayError("timed out")
        with pytest.raises(OctopusError):
            configuration.change(OWNER, NAMESPACE, "events", wish)
        kafka.faults.clear()
    kafka.faults["partitions"] = KafkaRefusedError("INVALID_PARTITIONS")

    if healed:
        healing.heal(NAME)
    else:
        with pytest.raises(KafkaRefusedError, match="Failed to change Kafka topic: INVALID_PARTITIONS"):
            configuration.change(OWNER, NAMESPACE, "events", wish)

    assert events(store).state is State.ACTIVE
    assert events(store).settings == TopicSettings(partitions=2, retention_ms=60_000)
    told = [event for event in recorded(database, table) if event.type == "topic.changed"]
    assert [(one.actor, one.data["partitions"], one.data["retention_ms"]) for one in told] == [
        (SUBJECT, 3, 60_000),
        (FABRIC, 2, 60_000),
    ]


def test_own_namespace_without_an_account_is_forbidden_as_any_other(configuration: Configuration) -> None:
    stranger, place = caller_of(OTHER), namespace_of(OTHER)
    refusal = f"Namespace {place} not found for {OTHER}"

    with pytest.raises(ForbiddenError, match=refusal):
        configuration.describe(stranger, place, "events")
    with pytest.raises(ForbiddenError, match=refusal):
        configuration.plan(stranger, place, "events", Wish())
    with pytest.raises(ForbiddenError, match=refusal):
        configuration.change(stranger, place, "events", Wish())
    with pytest.raises(ForbiddenError, match=refusal):
        configuration.delete_records(stranger, place, "events", None)


def test_plan_says_what_changes_and_what_cannot_and_changes_nothing(
    configuration: Configuration, store: TopicStore
) -> None:
    before = events(store)

    plan = configuration.plan(
        OWNER, NAMESPACE, "events", Wish({"partitions": 1, "max_message_bytes": 9 << 20}, {"licence": "MIT"})
    )

    assert [(change.field, change.before, change.after) for change in plan.changes] == [
        ("partitions", 2, 1),
        ("max_message_bytes", None, 9 << 20),
        ("licence", "", "MIT"),
    ]
    assert [str(refusal) for refusal in plan.refusals] == [
        "max_message_bytes: 1024 to 8388608 in this deployment, received 9437184",
        "partitions: they never become fewer: there are 2, received 1",
    ]
    assert events(store) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"partitions": 0}, "partitions: 1 to 10 in this deployment, received 0"),
        ({"partitions": 11}, "partitions: 1 to 10 in this deployment, received 11"),
        (
            {"retention_ms": 1},
            "retention_ms: 60000 to 172800000 (48 hours) in this deployment, received 1",
        ),
        ({"retention_bytes": 1}, "retention_bytes: 1048576 to 53687091200 in this deployment, received 1"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_topic_out_of_bounds_is_not_made(
    topics: Topics, kafka: MemoryKafka, settings: dict[str, int], message: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        topics.create(OWNER, NAMESPACE, "others", Wish(settings))

    assert refused.value.message == message
    assert kafka.held == {}


def test_creation_of_a_topic_that_is_there_changes_nothing_and_says_what_differs(
    configuration: Configuration, topics: Topics, kafka: MemoryKafka
) -> None:
    change = topics.create(OWNER, NAMESPACE, "events", Wish({"partitions": 4}, {"description": "x"}))

    assert (change.changed, change.unlike) == (False, ("partitions", "description"))
    assert kafka.held[NAME].partitions == 2


def test_topic_made_anew_has_the_settings_that_it_had(
    configuration: Configuration, topics: Topics, store: TopicStore, kafka: MemoryKafka
) -> None:
    wish = Wish({"cleanup_policy": "compact"}, {"description": "of the clean room"})
    configuration.change(OWNER, NAMESPACE, "events", wish)
    before = events(store)

    topics.recreate(OWNER, NAMESPACE, "events")

    assert kafka.held[NAME].partitions == 2
    assert kafka.configs.own[NAME] == {"cleanup.policy": "compact"}
    after = events(store)
    assert (after.settings, after.about, after.words) == (before.settings, before.about, before.words)


@pytest.mark.parametrize("wish", [Wish({"partitions": 3}), Wish(about={"contact": "Ada"})])
def test_topic_whose_recreation_was_cut_short_is_changed_only_once_it_is_there(
    configuration: Configuration, topics: Topics, healing: Healing, kafka: MemoryKafka, wish: Wish
) -> None:
    kafka.faults["create"] = KafkaAwayError("timed out")
    with pytest.raises(OctopusError, match="recreated in part"):
        topics.recreate(OWNER, NAMESPACE, "events")
    kafka.faults.clear()
    with pytest.raises(UnavailableError, match="being recreated"):
        configuration.change(OWNER, NAMESPACE, "events", wish)

    healing.heal(NAME)

    assert configuration.change(OWNER, NAMESPACE, "events", wish).changes
    assert NAME in kafka.held


def test_topic_that_was_made_by_hand_is_recorded_as_brokers_have_it(
    topics: Topics, healing: Healing, store: TopicStore, kafka: MemoryKafka
) -> None:
    kafka.create(NAME, partitions=4, configs={"retention.ms": "60000"})

    healing.reconcile(SUBJECT, NAMESPACE)

    assert events(store).settings == TopicSettings(partitions=4, retention_ms=60_000)


def test_topics_of_projects_are_brought_in_line_with_what_brokers_hold(
    healing: Healing, topics: Topics, kafka: MemoryKafka, open_project: Callable[..., None]
) -> None:
    open_project("lab-a", {SUBJECT: Right.OWNER})
    open_project("lab-b", {}, state="deleting")
    topics.create(OWNER, "lab-a", "events")
    kafka.held.clear()
    for name in ("lab-a.others", "lab-b.others"):
        kafka.create(name)

    found = healing.reconcile_projects()

    assert (found.lost, found.adopted) == (("lab-a.events",), ("lab-a.others",))
    assert topics.names("lab-a") == ["others"]


def test_room_is_asked_for_before_anything_is_made(
    configuration: Configuration, topics: Topics, kafka: MemoryKafka
) -> None:
    with pytest.raises(OverLimitError, match="2 of at most 9 are in use, and 8 more were asked for"):
        configuration.change(OWNER, NAMESPACE, "events", Wish({"partitions": 10}))
    topics.create(OWNER, NAMESPACE, "others", Wish({"partitions": 6}))
    with pytest.raises(OverLimitError, match="8 of at most 9 are in use, and 2 more were asked for"):
        topics.create(OWNER, NAMESPACE, "third", Wish({"partitions": 2}))

    assert {name: topic.partitions for name, topic in kafka.held.items()} == {
        NAME: 2,
        f"{NAMESPACE}.others": 6,
    }


def test_grantee_without_manage_describes_and_does_not_change(
    configuration: Configuration, grantee: Callable[[Right], Caller]
) -> None:
    reader = grantee(Right.READ)

    assert configuration.describe(reader, NAMESPACE, "events").rights == {Right.READ}
    for call in (configuration.plan, configuration.change):
        with pytest.raises(ForbiddenError, match=f"Namespace {NAMESPACE} not found for {OTHER}"):
            call(reader, NAMESPACE, "events", Wish({"partitions": 3}))
    with pytest.raises(ForbiddenError):
        configuration.delete_records(reader, NAMESPACE, "events", None)


def test_grantee_with_manage_configures_lists_and_deletes_records_of_that_topic_alone(
    configuration: Configuration, topics: Topics, grantee: Callable[[Right], Caller], kafka: MemoryKafka
) -> None:
    manager = grantee(Right.MANAGE)
    topics.create(OWNER, NAMESPACE, "others")

    configuration.change(manager, NAMESPACE, "events", Wish({"partitions": 3}, {"listed": True}))
    left = configuration.delete_records(manager, NAMESPACE, "events", {0: 4})

    assert kafka.held[NAME].partitions == 3
    assert left == {0: 4}
    for refused in (
        lambda: configuration.change(manager, NAMESPACE, "others", Wish({"partitions": 3})),
        lambda: topics.delete(manager, NAMESPACE, "events"),
        lambda: topics.create(manager, NAMESPACE, "third"),
    ):
        with pytest.raises(ForbiddenError):
            refused()


def test_deletion_of_records_is_told_before_it_is_done(
    configuration: Configuration, kafka: MemoryKafka, database: Any, table: str
) -> None:
    kafka.faults["delete_records"] = KafkaAwayError("timed out")

    with pytest.raises(UnavailableError):
        configuration.delete_records(OWNER, NAMESPACE, "events", None)

    last = recorded(database, table)[-1]
    assert (last.type, last.data) == ("topic.records_deleted", {"0": 10, "1": 10})


def test_records_of_a_compacted_topic_are_not_deleted_before_an_offset(configuration: Configuration) -> None:
    configuration.change(OWNER, NAMESPACE, "events", Wish({"cleanup_policy": "compact"}))

    with pytest.raises(InvalidError, match=r"cleanup_policy: .* received compact"):
        configuration.delete_records(OWNER, NAMESPACE, "events", {0: 1})


def test_grants_go_with_their_topic(
    configuration: Configuration, topics: Topics, access: Access, grantee: Callable[[Right], Caller]
) -> None:
    grantee(Right.READ)

    topics.delete(OWNER, NAMESPACE, "events")

    assert access.grants_on(NAMESPACE) == []


@pytest.mark.usefixtures("configuration")
def test_topic_that_is_lost_is_closed_to_grants_before_they_are_taken(
    topics: Topics,
    healing: Healing,
    store: TopicStore,
    access: Access,
    kafka: MemoryKafka,
    grantee: Callable[[Right], Caller],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grantee(Right.READ)
    kafka.held.clear()
    states: list[State] = []
    take_all_on = access.take_all_on

    def taking(namespace: str, topic: str | None, *, actor: str) -> None:
        states.append(events(store).state)
        take_all_on(namespace, topic, actor=actor)

    monkeypatch.setattr(access, "take_all_on", taking)

    assert healing.reconcile(OWNER.subject, NAMESPACE).lost == (NAME,)

    assert states == [State.DELETING], "in which nobody is given a right"
    assert access.grants_on(NAMESPACE) == []
    assert topics.names(NAMESPACE) == []


@pytest.mark.parametrize("ends", ["deleted", "changed"])
def test_any_number_of_words_of_changes_that_were_cut_short_goes_with_them(
    configuration: Configuration,
    topics: Topics,
    store: TopicStore,
    kafka: MemoryKafka,
    database: Any,
    table: str,
    ends: str,
) -> None:
    for letter in "abc":
        description = " ".join(f"{letter}{number:04d}" for number in range(80))
        kafka.faults["alter"] = KafkaAwayError("timed out")
        wish = Wish({"retention_ms": 60_000 + ord(letter)}, {"description": description})
        with pytest.raises(OctopusError, match="changed in part"):
            configuration.change(OWNER, NAMESPACE, "events", wish)
    kafka.faults.clear()
    assert len(events(store).words) > 200, "more than two transactions take"

    if ends == "deleted":
        topics.delete(OWNER, NAMESPACE, "events")
    else:
        configuration.change(OWNER, NAMESPACE, "events", Wish({}, {"description": "short"}))

    words = set() if ends == "deleted" else {"events", "short"}
    rows = database.scan(TableName=table)["Items"]
    assert {row["sk"]["S"].split("#")[0] for row in rows if row["pk"]["S"].startswith("WORD#")} == words
    if ends == "changed":
        assert events(store).words == words


def test_topic_of_a_project_is_made_by_its_members_with_its_defaults_and_within_its_bounds(
    topics: Topics, store: TopicStore, kafka: MemoryKafka, open_project: Callable[..., None]
) -> None:
    defaults = json.dumps({"partitions": 2, "retention_ms": 60_000})
    open_project("lab-a", {OTHER: Right.MEMBER}, defaults=defaults, bounds=json.dumps({"partitions": 3}))
    member = caller_of(OTHER)

    topics.create(member, "lab-a", "events")
    topics.create(member, "lab-a", "others", Wish({"partitions": 1, "retention_ms": None}))
    with pytest.raises(InvalidError, match="partitions: 1 to 3 in this project, received 4"):
        topics.create(member, "lab-a", "third", Wish({"partitions": 4}))
    with pytest.raises(ForbiddenError):
        topics.create(OWNER, "lab-a", "third")

    assert kafka.held["lab-a.events"].partitions == 2
    assert kafka.configs.own == {"lab-a.events": {"retention.ms": "60000"}, "lab-a.others": {}}


def test_member_of_a_project_does_not_open_its_topics_to_others(
    topics: Topics, turns: Turns, kafka: MemoryKafka, open_project: Callable[..., None]
) -> None:
    open_project("lab-a", {OTHER: Right.MEMBER, SUBJECT: Right.OWNER})
    configuration = Configuration(turns=turns, kafka=kafka, bounds=BOUNDS)
    member = caller_of(OTHER)
    topics.create(member, "lab-a", "events")

    for field in ("listed", "public"):
        with pytest.raises(ForbiddenError):
            configuration.change(member, "lab-a", "events", Wish(about={field: True}))
        with pytest.raises(ForbiddenError):
            topics.create(member, "lab-a", "others", Wish(about={field: True}))
        configuration.change(OWNER, "lab-a", "events", Wish(about={field: True}))


def test_topic_of_a_project_past_its_end_is_described_and_not_changed(
    turns: Turns, topics: Topics, kafka: MemoryKafka, open_project: Callable[..., None]
) -> None:
    open_project("lab-a", {SUBJECT: Right.OWNER})
    topics.create(OWNER, "lab-a", "events")
    open_project("lab-a", {}, ends="2026-01-01T00:00:00+00:00")
    configuration = Configuration(turns=turns, kafka=kafka, bounds=BOUNDS)

    assert configuration.describe(OWNER, "lab-a", "events").spans is not None
    for refused in (
        lambda: configuration.change(OWNER, "lab-a", "events", Wish({"partitions": 3})),
        lambda: configuration.delete_records(OWNER, "lab-a", "events", None),
        lambda: topics.create(OWNER, "lab-a", "others"),
        lambda: topics.recreate(OWNER, "lab-a", "events"),
    ):
        with pytest.raises(ForbiddenError):
            refused()


@pytest.mark.parametrize("topic", ["absent", "a" * 3000])
def test_topic_that_is_not_there_is_not_found_by_its_owner(configuration: Configuration, topic: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        configuration.describe(OWNER, NAMESPACE, topic)

    assert len(refused.value.message) < 200


def test_hours_and_milliseconds_together_are_refused() -> None:
    with pytest.raises(ValueError, match="say the same"):
        AskedSettings(retention_hours=1, retention_ms=60_000)
