"""What tests of topics share."""

from tests.unit.topics.world import access, kafka, open_account, open_project, store, topics, trail, turns

__all__ = ["access", "kafka", "open_account", "open_project", "store", "topics", "trail", "turns"]
