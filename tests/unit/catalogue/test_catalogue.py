"""What a search finds, for whom, and what it costs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from octopus.access.models import EVERY_TOPIC, ROLES, Right
from octopus.access.service import Access
from octopus.catalogue.index import Index
from octopus.catalogue.service import Catalogue
from octopus.catalogue.words import LONGEST_WORD, MOST_WORDS, words_of
from octopus.errors import InvalidError
from octopus.identity.models import Caller
from octopus.kafka.asking import KafkaAwayError
from octopus.topics.changes import Wish
from octopus.topics.configuration import Configuration
from octopus.topics.healing import Healing
from octopus.topics.service import Topics
from octopus.topics.turns import Turns
from tests.callers import caller_of
from tests.memory_kafka import MemoryKafka
from tests.unit.access_matrix.law import HOLDS, HOLDS_FROZEN
from tests.unit.topics.world import BOUNDS, NAMESPACE, SUBJECT, now, shared

OWNER = caller_of(SUBJECT)
OTHER = caller_of("b4e0d0c2-5b3c-4d4e-9a52-0f5d5b0c7d11")
AIR, WATER = f"{NAMESPACE}.air-quality", f"{NAMESPACE}.water"


@pytest.fixture
def catalogue(database: Any, table: str, turns: Turns, access: Access) -> Catalogue:
    return Catalogue(index=Index(database, table), topics=turns.store, access=access)


@pytest.fixture
def configuration(topics: Topics, turns: Turns, kafka: MemoryKafka) -> Configuration:
    """Of two topics."""
    air = {"description": "Ozone and fine dust", "tags": ("urban", "o3"), "contact": "Ada <ada@lab.example>"}
    water = {"description": "Ozone as well", "tags": ("urban.river",)}
    topics.create(OWNER, NAMESPACE, "air-quality", Wish(about=air))
    topics.create(OWNER, NAMESPACE, "water", Wish(about=water))
    return Configuration(turns=turns, kafka=kafka, bounds=BOUNDS)


def own(caller: Caller) -> list[str]:
    """Namespaces of the caller's account."""
    return [NAMESPACE] if caller == OWNER else []


def search(catalogue: Catalogue, caller: Caller, text: str, **more: Any) -> list[str]:
    page = catalogue.search(
        caller, text, own=own(caller), **{"tag": None, "limit": 20, "after": None, **more}
    )
    return [found.name for found in page.entries]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ozone", [AIR, WATER]),
        ("OZO", [AIR, WATER]),
        ("ozone dust", [AIR]),
        ("dust water", []),
        ("air-quality", [AIR]),
        ("qual", [AIR]),
        ("ada@lab", [AIR]),
        ("o3", [AIR]),
        ("o", []),
        ("oz", []),
        ("river", [WATER]),
        ("events", []),
    ],
)
def test_topic_is_found_by_the_beginnings_of_all_words(
    catalogue: Catalogue, configuration: Configuration, text: str, found: list[str]
) -> None:
    assert search(catalogue, OWNER, text) == found


def test_tag_is_found_whole(catalogue: Catalogue, configuration: Configuration) -> None:
    assert search(catalogue, OWNER, "", tag="urban") == [AIR]
    assert search(catalogue, OWNER, "ozone", tag="urban.river") == [WATER]
    assert search(catalogue, OWNER, "", tag="river") == []


def test_outsider_finds_only_what_is_listed(catalogue: Catalogue, configuration: Configuration) -> None:
    assert search(catalogue, OTHER, "ozone") == []

    configuration.change(OWNER, NAMESPACE, "water", Wish(about={"listed": True}))
    (found,) = catalogue.search(OTHER, "ozone", own=(), tag=None, limit=20, after=None).entries
    assert (found.name, found.mine) == (WATER, False)

    configuration.change(OWNER, NAMESPACE, "water", Wish(about={"listed": False}))
    assert search(catalogue, OTHER, "ozone") == []


def test_grantee_finds_what_is_shared_and_nothing_else(
    catalogue: Catalogue, configuration: Configuration, access: Access
) -> None:
    grant = shared(NAMESPACE, "water", OTHER.subject, Right.READ)
    access.give(grant)
    assert search(catalogue, OTHER, "ozone") == [WATER]

    access.take(NAMESPACE, "water", grant, actor=SUBJECT)
    assert search(catalogue, OTHER, "ozone") == []


def test_topics_of_a_project_are_found_by_its_name_and_members(
    catalogue: Catalogue, topics: Topics, open_project: Callable[..., None]
) -> None:
    open_project("clean-room", {OTHER.subject: Right.MEMBER})
    topics.create(OTHER, "clean-room", "events")

    assert search(catalogue, OTHER, "clean events") == ["clean-room.events"]
    assert search(catalogue, OWNER, "clean events") == []


@pytest.mark.parametrize("right", HOLDS)
def test_project_past_its_end_is_found_by_those_alone_who_may_still_do_something_there(
    catalogue: Catalogue,
    topics: Topics,
    access: Access,
    open_project: Callable[..., None],
    right: str,
) -> None:
    open_project("clean-room", {SUBJECT: Right.MEMBER})
    topics.create(OWNER, "clean-room", "events")
    topic = EVERY_TOPIC if right in ROLES else "events"
    access.give(shared("clean-room", topic, OTHER.subject, Right(right)))
    found = ["clean-room.events"]
    assert search(catalogue, OTHER, "clean events") == found

    open_project("clean-room", {}, ends=now().isoformat())

    seen = found if HOLDS_FROZEN[right] else []
    assert search(catalogue, OTHER, "clean events") == seen
    assert search(catalogue, OTHER, "", namespace="clean-room") == seen


def test_topics_of_one_namespace_are_listed_without_any_word(
    catalogue: Catalogue, configuration: Configuration, topics: Topics, open_project: Callable[..., None]
) -> None:
    open_project("clean-room", {SUBJECT: Right.MEMBER})
    topics.create(OWNER, "clean-room", "ozone")

    assert search(catalogue, OWNER, "", namespace=NAMESPACE) == [AIR, WATER]
    assert search(catalogue, OWNER, "ozone", namespace="clean-room") == ["clean-room.ozone"]
    assert search(catalogue, OTHER, "", namespace=NAMESPACE) == []
    assert search(catalogue, OWNER, "", namespace="n" * 3000) == []


def test_topic_is_found_by_what_it_is_about_now(catalogue: Catalogue, configuration: Configuration) -> None:
    configuration.change(OWNER, NAMESPACE, "water", Wish(about={"description": "Nitrate", "tags": None}))

    assert search(catalogue, OWNER, "ozone") == [AIR]
    assert search(catalogue, OWNER, "river") == []
    assert search(catalogue, OWNER, "nitrate") == [WATER]


def test_nothing_leads_to_a_topic_that_is_gone(
    catalogue: Catalogue, configuration: Configuration, topics: Topics, database: Any, table: str
) -> None:
    for topic in ("air-quality", "water"):
        topics.delete(OWNER, NAMESPACE, topic)

    rows = database.scan(TableName=table)["Items"]
    assert [row for row in rows if row["pk"]["S"].startswith("WORD#")] == []


def test_change_cut_short_is_found_by_its_new_words_and_once_settled_by_no_old_ones(
    catalogue: Catalogue,
    configuration: Configuration,
    topics: Topics,
    healing: Healing,
    kafka: MemoryKafka,
    database: Any,
    table: str,
) -> None:
    kafka.faults["alter"] = KafkaAwayError("timed out")
    wish = Wish({"retention_ms": 60_000}, {"description": "Nitrate"})
    with pytest.raises(Exception, match="call again to finish"):
        configuration.change(OWNER, NAMESPACE, "water", wish)
    assert search(catalogue, OWNER, "nitrate") == [WATER]
    assert search(catalogue, OWNER, "ozone") == [AIR]
    kafka.faults.clear()

    healing.heal(WATER)

    assert [name for name, _ in Index(database, table).find("ozone")] == [AIR]


def test_pages_follow_each_other_without_gap_or_repetition(catalogue: Catalogue, topics: Topics) -> None:
    names = [f"{NAMESPACE}.events{number}" for number in range(5)]
    for number in range(5):
        topics.create(OWNER, NAMESPACE, f"events{number}")

    pages, after = [], None
    while True:
        page = catalogue.search(OWNER, "events", own=own(OWNER), tag=None, limit=2, after=after)
        pages.append([found.name for found in page.entries])
        after = page.next
        if after is None:
            break

    assert pages == [names[:2], names[2:4], names[4:]]


def test_longest_description_and_listing_change_in_one_step(
    catalogue: Catalogue, configuration: Configuration
) -> None:
    for listed, letters in ((True, "abcde"), (False, "fghij")):
        words = ("".join(letter) for letter in itertools.product(letters, repeat=3))
        about = {"description": " ".join(words)[:500], "listed": listed}
        configuration.change(OWNER, NAMESPACE, "water", Wish(about=about))

    assert search(catalogue, OWNER, "fff ffg") == [WATER]
    assert search(catalogue, OWNER, "aaa") == []


@pytest.mark.parametrize("text", ["", "-", "+_+", " ".join(f"w{number}" for number in range(11))])
def test_search_without_words_or_with_too_many_is_refused(catalogue: Catalogue, text: str) -> None:
    with pytest.raises(InvalidError, match=r"^q: "):
        search(catalogue, OWNER, text)


def test_search_scans_nothing(catalogue: Catalogue, configuration: Configuration, database: Any) -> None:
    made: list[str] = []
    database.meta.events.register("before-call.dynamodb", lambda model, **_: made.append(model.name))

    search(catalogue, OWNER, "ozone urban")

    assert set(made) == {"Query", "BatchGetItem"}
    assert made.count("Query") <= 6


def test_words_are_letters_and_digits_in_lower_case() -> None:
    assert words_of("Fine-dust (PM2.5), Été", "FINE") == ["fine", "dust", "pm2", "5", "été"]
    assert words_of("x" * 100) == ["x" * LONGEST_WORD]
    assert MOST_WORDS + 12 < 100, "an item each, in one transaction"
