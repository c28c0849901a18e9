"""Projects that were made, ended or given another end after the state that was put back.

One that was made is made again: its topics are in Kafka still, and its name must be nobody else's. One that
was ended as well is made again only to be ended, so that its name is never given again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from octopus.fabric.healing.journal import Entry
from octopus.fabric.healing.told import listed
from octopus.kafka.admin import TopicAdmin
from octopus.projects.restored import RestoredProjects
from octopus.topics.healing import Healing
from octopus.topics.names import PERSONAL


def take_again(projects: RestoredProjects, journal: Sequence[Entry]) -> Iterator[str]:
    """No project is in use that was ended, and each that is ends when it was to end last."""
    ended: list[str] = []
    for entry in journal:
        if entry["event"] == "project.ended" and projects.end_again(entry["namespace"], by=entry["subject"]):
            ended.append(entry["namespace"])
    if ended:
        yield f"Ended {len(ended)} projects again: {listed(ended)}."
    moved = [name for name, ends in _last_ends(journal).items() if projects.set_end(name, ends)]
    if moved:
        yield f"Set the end of {len(moved)} projects again: {listed(moved)}."


def make_again(projects: RestoredProjects, journal: Sequence[Entry]) -> Iterator[str]:
    """Each project is there that was made, if only to be ended."""
    ended = {entry["namespace"]: entry["subject"] for entry in journal if entry["event"] == "project.ended"}
    ends = _last_ends(journal)
    made: list[str] = []
    for entry in journal:
        name = entry.get("namespace", "")
        if entry["event"] != "project.created":
            continue
        created = datetime.fromisoformat(entry["time"])
        if projects.make_again(name, by=entry["subject"], created=created, ends=ends[name]):
            if name in ended:
                projects.end_again(name, by=ended[name])
            else:
                made.append(name)
    if made:
        yield (
            f"Made {len(made)} projects again: {listed(made)}. Their descriptions, contacts, default "
            "settings and bounds are lost: `octopus project set` gives them others."
        )
    changed = {
        entry["namespace"]
        for entry in journal
        if entry["event"] == "project.changed" and set(entry["fields"]) - {"ends"}
    }
    lost = changed - set(made) - set(ended)
    if lost:
        yield f"Lost changes of the settings of {len(lost)} projects, which have older ones: {listed(lost)}."


def reconcile(healing: Healing, projects: RestoredProjects, kafka: TopicAdmin) -> Iterator[str]:
    """Topics of projects are those that Kafka holds; those of no project are nobody's."""
    found = healing.reconcile_projects()
    if found.adopted:
        yield f"Adopted {len(found.adopted)} topics of projects: {listed(found.adopted)}"
    if found.lost:
        yield f"Removed {len(found.lost)} topics of projects that Kafka lost: {listed(found.lost)}"
    beginnings = {name.partition(".")[0] for name in kafka.list_topics("") if "." in name}
    unknown = projects.unknown(name for name in beginnings if not name.startswith(PERSONAL))
    if unknown:
        yield (
            f"Kafka holds topics of {len(unknown)} projects that are unknown here: {listed(unknown)}. Nobody "
            "can make a project of such a name while they are there."
        )


def _last_ends(journal: Sequence[Entry]) -> dict[str, datetime | None]:
    """When each project ends of which the log says so."""
    return {
        entry["namespace"]: datetime.fromisoformat(entry["ends"]) if "ends" in entry else None
        for entry in journal
        if entry["event"] == "project.created"
        or (entry["event"] == "project.changed" and "ends" in entry["fields"])
    }
