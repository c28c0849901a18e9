"""What a topic is, inside and in replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from octopus.access.models import NamespaceFacts
from octopus.accounts.models import State as AccountState
from octopus.catalogue.words import MOST_WORDS, words_of
from octopus.topics.about import About
from octopus.topics.names import PERSONAL
from octopus.topics.settings import TopicSettings

PROJECT_OWNER = "project"
"""In the place of a namespace's owner: its rights are grants, and no single person's."""


class State(StrEnum):
    """Where a topic's record is; what a crash left half-done is completed in the background."""

    CREATING = "creating"
    ACTIVE = "active"
    CHANGING = "changing"
    """Its settings are recorded, and Kafka may not have them yet."""
    RECREATING = "recreating"
    DELETING = "deleting"


SHOWN = frozenset({State.ACTIVE, State.CHANGING, State.RECREATING})
"""States in which the owner sees the topic."""
LIVING = frozenset({State.ACTIVE, State.CHANGING})
"""States in which nothing but a topic's settings is under way."""


@dataclass(frozen=True)
class TopicRecord:
    """A topic as the registry holds it."""

    name: str
    state: State
    topic_id: str | None
    """Kafka's id of it; None while it is being created."""
    settings: TopicSettings = field(default_factory=TopicSettings)
    about: About = field(default_factory=About)
    words: frozenset[str] = frozenset()
    """Words that lead to it in the catalogue."""
    by: str | None = None
    """Subject who began what is under way, or did the last change."""

    def described_by(self, namespace: str) -> frozenset[str]:
        """Words that should lead to it."""
        # That a namespace is a person's says nothing; a project's name does.
        project = "" if namespace.startswith(PERSONAL) else namespace
        about = self.about
        return frozenset(
            words_of(self.name, project, *about.tags, about.contact, about.description)[:MOST_WORDS]
        )


@dataclass(frozen=True)
class Namespace:
    """A namespace with its topics, in whatever state they are."""

    name: str
    owner: str
    """Subject, or `PROJECT_OWNER`."""
    state: AccountState
    """Its account's, too."""
    topics: Mapping[str, TopicRecord]
    defaults: TopicSettings = field(default_factory=TopicSettings)
    """Of a project: what topics made in it have where nothing else is said."""
    bounds: Mapping[str, int] = field(default_factory=dict)
    """Of a project: the most that its topics may be given, by field, where it is less than elsewhere."""
    ends: datetime | None = None
    """Of a project with an end."""

    @property
    def facts(self) -> NamespaceFacts:
        """What of it decides who may do what in it."""
        return NamespaceFacts(self.name, self.owner, self.state, self.ends)

    def shown(self) -> list[str]:
        """Names of the topics that the owner sees, in order."""
        return sorted(name for name, topic in self.topics.items() if topic.state in SHOWN)


@dataclass(frozen=True)
class TopicChange:
    """What a call did, and what the namespace holds now."""

    changed: bool
    topics: list[str]
    unlike: tuple[str, ...] = ()
    """Fields of a topic that was there already and is otherwise than was wished for."""


@dataclass(frozen=True)
class Reconciliation:
    """What was found and set right, by full topic name."""

    adopted: tuple[str, ...] = ()
    """Kafka holds it, and the registry did not know it."""
    lost: tuple[str, ...] = ()
    """The registry knew it, and Kafka does not hold it: its records are gone."""
    completed: tuple[str, ...] = ()
    """A change that was cut short is done."""

    def __add__(self, other: Reconciliation) -> Reconciliation:
        return Reconciliation(
            self.adopted + other.adopted, self.lost + other.lost, self.completed + other.completed
        )
