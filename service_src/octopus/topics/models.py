"""What a topic is, inside and in replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from octopus.accounts.models import State as AccountState

PROJECT_OWNER = "project"
"""In the place of a namespace's owner: its rights are grants, and no single person's."""


class State(StrEnum):
    """Where a topic's record is; what a crash left half-done is completed in the background."""

    CREATING = "creating"
    ACTIVE = "active"
    RECREATING = "recreating"
    DELETING = "deleting"


SHOWN = frozenset({State.ACTIVE, State.RECREATING})
"""States in which the owner sees the topic."""


@dataclass(frozen=True)
class TopicRecord:
    """A topic as the registry holds it."""

    name: str
    state: State
    topic_id: str | None
    """Kafka's id of it; None while it is being created."""


@dataclass(frozen=True)
class Namespace:
    """A namespace with its topics, in whatever state they are."""

    name: str
    owner: str
    state: AccountState
    """Its account's, too."""
    topics: Mapping[str, TopicRecord]

    def shown(self) -> list[str]:
        """Names of the topics that the owner sees, in order."""
        return sorted(name for name, topic in self.topics.items() if topic.state in SHOWN)


@dataclass(frozen=True)
class TopicChange:
    """What a call did, and what the namespace holds now."""

    changed: bool
    topics: list[str]


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


class TopicsReply(BaseModel):
    """The change is made; ``topics`` are all topics of the namespace, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Topic measurements created in ns-3f2a5c1b9e44",
                "topics": ["measurements", "telemetry"],
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    topics: list[str]


class TopicRecreatedReply(BaseModel):
    """The topic is there again, empty, under a new topic id."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "success", "message": "Topic recreated"}}
    )

    status: Literal["success"] = "success"
    message: str
