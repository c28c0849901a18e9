"""What tests of the catalogue share with those of topics."""

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
