"""What tests of topics share."""

from tests.unit.topics.world import (
    access,
    healing,
    kafka,
    open_account,
    open_project,
    store,
    topics,
    trail,
    turns,
)

__all__ = ["access", "healing", "kafka", "open_account", "open_project", "store", "topics", "trail", "turns"]
