"""After an unclean stop of the emulator: what was lost is found, set right where it can be, and said.

In two parts. What was taken away after the restored state is taken away again before anybody gets in
(`withdraw`). What needs Kafka, or gives anything, comes when the fabric is up (`heal`).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from octopus.fabric.features import open_features
from octopus.fabric.healing import accounts, grants, keys, openness, projects
from octopus.fabric.healing.journal import read_journal
from octopus.fabric.settings import FabricSettings
from octopus.globus.store import IdentityStore
from octopus.settings import DeployedSettings
from octopus.topics.names import PERSONAL


@dataclass(frozen=True)
class Unclean:
    """An emulator that ended without writing its state."""

    restored_to: datetime.datetime | None
    """Time of the clean stop whose state was put back; None when there was none and all was cleared."""

    def sentence(self) -> str:
        """What was done about it, for the person at the terminal."""
        if self.restored_to is None:
            return (
                "The AWS emulator did not stop cleanly and had no clean state from before: its state was "
                "cleared, buckets too, and the stacks are deployed again."
            )
        when = self.restored_to.isoformat(sep=" ", timespec="seconds")
        return f"The AWS emulator did not stop cleanly: its last clean state, of {when}, was put back."


Mending = Callable[[FabricSettings, DeployedSettings, Unclean], list[str]]
"""One of the two parts below."""


def withdraw(settings: FabricSettings, deployed: DeployedSettings, unclean: Unclean) -> list[str]:
    """Keys, grants, projects, links and public topics that were ended after the restored state end again.

    Nothing but the emulator has to run.

    Returns:
        A sentence for each thing that a person should know.
    """
    journal = list(read_journal(settings, since=unclean.restored_to))
    with closing(open_features(settings, deployed)) as features:
        said = [
            *keys.delete_again(features.keys, journal, _names(settings)),
            *grants.take_again(features.access, grants.last_words(journal)),
            *projects.take_again(features.restored_projects, journal),
            *openness.close_again(features.healing, journal),
        ]
        openness.unlink_again(features.links, features.accounts, journal)
        for _ in range(
            2
        ):  # groups and whole projects, which elsewhere wait for the background; then their people
            features.refreshes.work_off()
        return said


def heal(settings: FabricSettings, deployed: DeployedSettings, unclean: Unclean) -> list[str]:
    """Bring the rest in line with what is certain: Kafka's topics, and the service's log.

    Projects and grants that were made after the restored state are made again; accounts that were moved or
    deleted are so again; topics that Kafka holds are adopted by the namespace's owner, or its project; keys
    that were issued are gone.

    Returns:
        A sentence for each thing that a person should know.
    """
    journal = list(read_journal(settings, since=unclean.restored_to))
    names = _names(settings)
    words = grants.last_words(journal)
    with closing(open_features(settings, deployed)) as features:
        held = {name.split(".")[0] for name in features.kafka.list_topics(PERSONAL)}
        table = deployed.registry_table
        return [
            *projects.make_again(features.restored_projects, journal),
            *accounts.move_again(features.accounts, features.moves, journal, names, held),
            *grants.give_again(features.access, table, grants.on_whole_projects(words)),
            *accounts.delete_again(features.accounts, features.namespaces, journal, names, held),
            *accounts.reconcile(features.accounts, names, held),
            *projects.reconcile(features.healing, features.restored_projects, features.kafka),
            *grants.give_again(features.access, table, grants.on_topics(words)),
            *keys.say_lost(features.keys, journal, names),
            "Suspensions and limits that an operator set since then are in no log of the service, and lost: "
            "set them again.",
        ]


def _names(settings: FabricSettings) -> dict[str, str]:
    if not settings.stand_in:
        return {}
    with IdentityStore(settings.identity_store) as store:
        return {identity.id: identity.name for identity in store.list_identities()}
