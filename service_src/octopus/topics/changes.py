"""What a request wants a topic to be, and what of it can be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from octopus.errors import InvalidError
from octopus.topics.about import OPENING, About
from octopus.topics.bounds import Bounds, Refusal
from octopus.topics.models import TopicRecord
from octopus.topics.settings import TopicSettings


@dataclass(frozen=True)
class Wish:
    """Settings and description by field; what is not named stays, None is the default."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def settings_over(self, old: TopicSettings) -> TopicSettings:
        """The settings that are wanted of a topic that has, or would have, these."""
        wanted = old.model_copy(update=dict(self.settings))
        return wanted if wanted.partitions is not None else wanted.model_copy(update={"partitions": 1})

    def about_over(self, old: About) -> About:
        """The same for what it is about."""
        named = {name: value for name, value in self.about.items() if value is not None}
        emptied = {name: About.model_fields[name].default for name in self.about.keys() - named.keys()}
        return old.model_copy(update={**named, **emptied})


@dataclass(frozen=True)
class Change:
    """One field that is to be another."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Plan:
    """What a change would do."""

    settings: TopicSettings
    about: About
    changes: tuple[Change, ...]
    refusals: tuple[Refusal, ...]
    """What of the wish cannot be had; as long as there is any, nothing is changed."""

    def require_possible(self) -> None:
        """All of it can be had.

        Raises:
            InvalidError: names each field that cannot, the rule and the value received.
        """
        if self.refusals:
            raise InvalidError("; ".join(str(refusal) for refusal in self.refusals))

    @property
    def of_kafka(self) -> bool:
        """Whether brokers have anything to do with it."""
        return any(change.field in TopicSettings.model_fields for change in self.changes)

    @property
    def opens(self) -> bool:
        """Whether it says who else sees the topic."""
        return any(change.field in OPENING for change in self.changes)


def changes(topic: TopicRecord, settings: TopicSettings, about: About) -> tuple[Change, ...]:
    """What would be otherwise than it is, were these a topic's."""
    before = {**Wish().settings_over(topic.settings).model_dump(), **topic.about.model_dump()}
    after = {**settings.model_dump(), **about.model_dump()}
    return tuple(Change(name, before[name], value) for name, value in after.items() if value != before[name])


def plan(wish: Wish, topic: TopicRecord, bounds: Bounds) -> Plan:
    """What the wish would change of a topic, and what of it cannot be."""
    settings, about = wish.settings_over(topic.settings), wish.about_over(topic.about)
    planned = changes(topic, settings, about)
    refusals = bounds.refusals(settings, about, [change.field for change in planned])
    for change in planned:
        if fixed := bounds.fixed(change.field):
            refusals.append(fixed)
        if change.field == "partitions" and change.after < change.before:
            rule = f"they never become fewer: there are {change.before}, received {change.after}"
            refusals.append(Refusal("partitions", rule))
    return Plan(settings, about, planned, tuple(refusals))


def plan_new(wish: Wish, defaults: TopicSettings, bounds: Bounds) -> Plan:
    """What the wish makes of a topic that is not there yet.

    Args:
        defaults: what it has where the wish says nothing.
    """
    settings, about = wish.settings_over(defaults), wish.about_over(About())
    named = {**settings.model_dump(include=set(wish.settings)), **about.model_dump(include=set(wish.about))}
    planned = tuple(Change(name, None, value) for name, value in named.items() if value)
    return Plan(settings, about, planned, tuple(bounds.refusals(settings, about, named.keys())))
