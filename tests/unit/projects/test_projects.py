"""Projects made, seen and changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from octopus.access.models import Right, user
from octopus.errors import ForbiddenError, InvalidError, OverLimitError, UnavailableError
from octopus.kafka.asking import KafkaAwayError
from octopus.projects.models import Offer, Standing
from octopus.topics.settings import TopicSettings
from tests.memory_kafka import MemoryKafka
from tests.unit.access.world import START
from tests.unit.projects.lab import GRACE, MOST_MADE, Lab
from tests.unit.topics.world import BOUNDS

SOON = START + timedelta(days=10)
MOST = BOUNDS.most["partitions"]


def test_project_is_its_makers_and_nobody_elses(lab: Lab) -> None:
    grace = lab.person("grace@example.org")

    seen = lab.create("beamline-7")

    assert seen.standing is Standing.ACTIVE
    assert seen.rights == frozenset(Right)
    assert lab.roles("beamline-7") == {(lab.ada.subject, "owner")}
    with pytest.raises(ForbiddenError, match="Namespace beamline-7 not found for"):
        lab.projects.describe(grace, "beamline-7")
    assert lab.projects.listed(grace) == []


def test_creating_twice_is_one_thing(lab: Lab) -> None:
    lab.create("beamline-7", ends=SOON)

    again, made = lab.projects.create(
        lab.ada,
        "beamline-7",
        description="another",
        contact="",
        ends=None,
        defaults=TopicSettings(),
        bounds={},
    )

    assert not made
    assert (again.project.description, again.project.ends) == ("", SOON)
    assert sorted(lab.events("beamline-7")) == ["grant.given", "project.created"]


@pytest.mark.parametrize("taken", ["by another", "ended", "by topics of Kafka", "by groups of Kafka"])
def test_name_that_is_or_was_in_use_cannot_be_had_and_the_reason_is_not_told(
    lab: Lab, kafka: MemoryKafka, taken: str
) -> None:
    grace = lab.person("grace@example.org")
    if taken in ("by another", "ended"):
        lab.create("beamline-7", by=grace)
    if taken == "ended":
        lab.endings.end(grace, "beamline-7")
        lab.settle()
    if taken == "by topics of Kafka":
        kafka.create("beamline-7.frames")
    if taken == "by groups of Kafka":
        kafka.groups["beamline-7.readers"] = False

    with pytest.raises(InvalidError) as refused:
        lab.create("beamline-7")

    assert refused.value.message == (
        "name: 'beamline-7' is or was in use, and no name is given twice: choose another"
    )


def test_topic_of_a_longer_name_does_not_keep_a_name_from_being_had(lab: Lab, kafka: MemoryKafka) -> None:
    kafka.create("beamline-77.frames")

    lab.create("beamline-7")

    assert lab.roles("beamline-7") == {(lab.ada.subject, "owner")}


def test_kafka_that_is_away_makes_no_project(lab: Lab, kafka: MemoryKafka) -> None:
    kafka.faults["list"] = KafkaAwayError("timed out")

    with pytest.raises(UnavailableError):
        lab.create("beamline-7")

    assert lab.world.rows("NAMESPACE#") == []
    assert lab.world.rows("GRANT") == []


def test_person_makes_so_many_projects_and_no_more(lab: Lab) -> None:
    for number in range(MOST_MADE):
        lab.create(f"project-{number}")

    with pytest.raises(OverLimitError, match=f"projects: {MOST_MADE} that .* made are there, of at most"):
        lab.create("one-more")

    assert lab.create("project-0").project.name == "project-0"


def test_project_counts_for_its_maker_alone_until_it_ends(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    for number in range(MOST_MADE):
        lab.create(f"project-{number}")
        lab.members.transfer(lab.ada, f"project-{number}", "grace@example.org", keep_me=False)

    with pytest.raises(OverLimitError):
        lab.create("one-more")
    assert lab.projects.made(grace) == frozenset()
    lab.create("project-of-grace", by=grace)
    lab.endings.end(grace, "project-0")
    lab.settle()

    assert lab.projects.made(lab.ada) == {"project-1", "project-2"}
    lab.create("one-more")


def test_projects_of_all_identities_of_a_person_count_together(lab: Lab) -> None:
    work = lab.person("ada@work.example.org")
    home = lab.person("ada@home.example.org", work.subject)
    for number in range(MOST_MADE):
        lab.create(f"project-{number}", by=work)

    with pytest.raises(OverLimitError):
        lab.create("one-more", by=home)


@pytest.mark.parametrize(
    ("settings", "bounds", "said"),
    [
        (TopicSettings(partitions=MOST + 1), {}, f"defaults.partitions: 1 to {MOST} in this deployment"),
        (TopicSettings(partitions=5), {"partitions": 4}, "defaults.partitions: 1 to 4 in this project"),
        (TopicSettings(), {"partitions": MOST + 1}, f"bounds.partitions: 1 to {MOST} in this deployment"),
    ],
    ids=["default over the deployment", "default over the project", "bound over the deployment"],
)
def test_settings_out_of_bounds_are_refused_with_the_range(
    lab: Lab, settings: TopicSettings, bounds: dict[str, int], said: str
) -> None:
    with pytest.raises(InvalidError, match=said):
        lab.projects.create(
            lab.ada, "beamline-7", description="", contact="", ends=None, defaults=settings, bounds=bounds
        )

    assert lab.world.rows("NAMESPACE#") == []


def test_end_that_is_over_is_refused(lab: Lab) -> None:
    with pytest.raises(InvalidError, match="ends: must be later than now"):
        lab.create("beamline-7", ends=START)


def test_change_names_what_becomes_another_and_a_dry_run_changes_nothing(lab: Lab) -> None:
    lab.create("beamline-7")
    wanted = {"description": "frames", "ends": SOON, "contact": ""}

    planned, seen = lab.projects.change(lab.ada, "beamline-7", wanted, dry_run=True)
    assert seen.project.description == ""
    done, seen = lab.projects.change(lab.ada, "beamline-7", wanted, dry_run=False)

    assert planned == done
    assert [(one.field, one.before, one.after) for one in done] == [
        ("description", "", "frames"),
        ("ends", None, "2026-12-02T12:00:00Z"),
    ]
    assert (seen.project.description, seen.project.ends) == ("frames", SOON)
    assert lab.projects.change(lab.ada, "beamline-7", wanted, dry_run=False)[0] == []


def test_policies_of_everybody_follow_another_end(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    lab.create("beamline-7")
    lab.add("beamline-7", "grace@example.org")
    lab.world.refreshed.clear()

    lab.projects.change(lab.ada, "beamline-7", {"ends": SOON}, dry_run=False)
    lab.world.refreshes.work_off()
    lab.world.refreshes.work_off()

    assert sorted(lab.world.refreshed) == sorted([lab.ada.subject, grace.subject])


def test_end_is_found_on_its_day_and_on_no_other(lab: Lab) -> None:
    lab.create("beamline-7")
    hour, day = timedelta(hours=1), timedelta(days=1)

    for ends in (SOON, SOON + hour, None, None, SOON + day, SOON + hour + day, SOON):
        lab.projects.change(lab.ada, "beamline-7", {"ends": ends}, dry_run=False)

        expected = [] if ends is None else [(f"ENDS#{ends:%Y-%m-%d}", "project#beamline-7")]
        assert lab.world.rows("ENDS#2") == expected
        assert lab.projects.describe(lab.ada, "beamline-7").project.ends == ends


def test_member_changes_no_setting(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    lab.create("beamline-7")
    lab.add("beamline-7", "grace@example.org")

    with pytest.raises(ForbiddenError):
        lab.projects.change(grace, "beamline-7", {"description": "mine"}, dry_run=False)


def test_project_past_its_end_is_frozen_recorded_once_and_can_be_given_another_end(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    lab.create("beamline-7", ends=SOON)
    lab.add("beamline-7", "grace@example.org")
    lab.projects.freeze_due()
    lab.world.now = SOON.timestamp()

    lab.projects.freeze_due()
    lab.projects.freeze_due()

    seen = lab.projects.describe(grace, "beamline-7")
    assert (seen.standing, seen.rights) == (Standing.FROZEN, frozenset({Right.READ}))
    assert [one.standing for one in lab.projects.listed(grace)] == [Standing.FROZEN]
    assert lab.projects.listed(grace)[0].rights == {Right.READ}
    assert lab.events("beamline-7").count("project.frozen") == 1
    assert lab.world.rows("ENDS#") == []

    later = SOON + timedelta(days=5)
    _, seen = lab.projects.change(lab.ada, "beamline-7", {"ends": later}, dry_run=False)
    assert seen.standing is Standing.ACTIVE
    assert lab.world.rows("ENDS#") == [(f"ENDS#{later:%Y-%m-%d}", "project#beamline-7")]


def test_frozen_project_can_be_described_anew_without_another_end(lab: Lab) -> None:
    lab.create("beamline-7", ends=SOON)
    lab.world.now = SOON.timestamp()

    changes, _ = lab.projects.change(lab.ada, "beamline-7", {"description": "over"}, dry_run=False)

    assert [change.field for change in changes] == ["description"]


def test_end_that_was_moved_meanwhile_is_not_seen_to(lab: Lab) -> None:
    lab.create("beamline-7", ends=SOON)
    lab.world.now = SOON.timestamp()
    (end,) = lab.store.over()
    lab.projects.change(lab.ada, "beamline-7", {"ends": SOON + timedelta(hours=1)}, dry_run=False)

    lab.projects.freeze_due()

    assert end.at == SOON
    assert "project.frozen" not in lab.events("beamline-7")
    assert lab.world.rows("ENDS#") == [(f"ENDS#{SOON:%Y-%m-%d}", "project#beamline-7")]


def test_export_and_deletion_are_offered_once_the_end_is_long_past(lab: Lab) -> None:
    lab.create("beamline-7", ends=SOON)
    lab.world.now = (SOON + GRACE - timedelta(seconds=1)).timestamp()
    assert lab.projects.describe(lab.ada, "beamline-7").offers == ()

    lab.world.now += 1

    assert lab.projects.describe(lab.ada, "beamline-7").offers == (Offer.EXPORT, Offer.DELETE)


def test_list_has_projects_held_whole_and_none_of_which_a_topic_is_shared(lab: Lab) -> None:
    grace = lab.person("grace@example.org")
    lab.create("beamline-7")
    lab.create("beamline-8")
    lab.world.give("beamline-7", "*", user(grace.subject), Right.READ)
    lab.world.give("beamline-8", "frames", user(grace.subject), Right.READ)

    found = lab.projects.listed(grace)

    assert [(one.project.name, one.rights) for one in found] == [("beamline-7", frozenset({Right.READ}))]
    assert [one.project.name for one in lab.projects.listed(lab.ada)] == ["beamline-7", "beamline-8"]


def test_personal_namespace_is_no_project_for_its_owner(lab: Lab) -> None:
    own = f"ns-{lab.ada.subject[-12:]}"
    lab.world.namespace(own, lab.ada.subject)
    lab.world.account(lab.ada.subject)

    with pytest.raises(ForbiddenError):
        lab.projects.describe(lab.ada, own)
    with pytest.raises(ForbiddenError):
        lab.projects.change(lab.ada, own, {"description": "x"}, dry_run=False)
    with pytest.raises(ForbiddenError):
        lab.endings.end(lab.ada, own)
    lab.person("grace@example.org")
    with pytest.raises(ForbiddenError):
        lab.add(own, "grace@example.org")
    with pytest.raises(ForbiddenError):
        lab.members.listed(lab.ada, own)
    assert lab.world.rows("GRANT") == []


def test_name_of_any_length_is_refused_unasked(lab: Lab) -> None:
    with pytest.raises(ForbiddenError):
        lab.projects.describe(lab.ada, "n" * 3000)
    with pytest.raises(ForbiddenError):
        lab.endings.end(lab.ada, "n" * 3000)


def test_moment_is_kept_in_utc(lab: Lab) -> None:
    lab.create("beamline-7", ends=datetime.fromisoformat("2026-12-24T18:00:00+02:00"))

    assert lab.projects.describe(lab.ada, "beamline-7").project.ends == datetime(2026, 12, 24, 16, tzinfo=UTC)
