"""Settings on their way between the registry and the brokers."""

from __future__ import annotations

from octopus.kafka.admin import KafkaTopic, TopicAdmin
from octopus.topics.settings import TopicSettings


def settings_of(kafka: TopicAdmin, held: KafkaTopic) -> TopicSettings:
    """A topic's own settings as the brokers hold them.

    Raises:
        KafkaAwayError: no answer.
    """
    configs = kafka.configs.describe(held.name)
    own = {name: config.value for name, config in configs.items() if config.own}
    return TopicSettings.held(held.partitions, own)


def make(kafka: TopicAdmin, name: str, settings: TopicSettings, *, unlike: str | None) -> KafkaTopic:
    """The topic, given by its full name, with these settings; see `TopicAdmin.create`."""
    return kafka.create(name, unlike=unlike, partitions=settings.partitions or 1, configs=settings.configs())


def apply(kafka: TopicAdmin, held: KafkaTopic, settings: TopicSettings) -> None:
    """The brokers have these settings: configurations, then partitions, since MSK takes them only apart.

    Args:
        held: the topic as it is now.

    Raises:
        KafkaAwayError: it is not known how far it went.
        KafkaRefusedError: done in part, or not at all.
    """
    kafka.configs.alter(held.name, settings.configs_unlike(settings_of(kafka, held)))
    if settings.partitions is not None and settings.partitions > held.partitions:
        kafka.configs.set_partitions(held.name, settings.partitions)
