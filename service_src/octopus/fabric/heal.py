"""After an unclean stop of the emulator: what was lost is found, set right where it can be, and said."""

from __future__ import annotations

import configparser
import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.credentials import Credentials

from octopus.accounts.models import State
from octopus.accounts.service import Accounts
from octopus.credentials.keys import Keys
from octopus.errors import OctopusError
from octopus.fabric.platform_keys import credentials_file
from octopus.fabric.settings import FabricSettings
from octopus.globus.store import IdentityStore
from octopus.settings import DeployedSettings, ServiceSettings
from octopus.topics.names import namespace_of
from octopus.web.assembly import Features, assemble


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


def heal(settings: FabricSettings, deployed: DeployedSettings, unclean: Unclean) -> list[str]:
    """Bring accounts, keys and topics in line with what is certain: Kafka's topics, and the service's log.

    Topics that Kafka holds are adopted by the namespace's owner, or its project; keys and accounts that were
    deleted after the restored state are deleted again; keys issued after it are gone.

    Returns:
        A sentence for each thing that a person should know.
    """
    features = assemble(
        ServiceSettings(
            **deployed.model_dump(),
            kafka_ca_file=settings.home / "tls" / "ca.pem",
            replication_factor=settings.replication_factor,
        ),
        kafka_key=_service_key(settings),
    )
    try:
        journal = list(_journal(settings, since=unclean.restored_to))
        names = _names(settings)
        held = {name.split(".")[0] for name in features.kafka.list_topics("ns-")}
        return [
            *_delete_again(features.accounts, features.keys, journal, names, held),
            *_reconcile(features, names, held),
            *_reconcile_projects(features),
            *_lost_keys(features.keys, journal, names),
        ]
    finally:
        features.close()


def _delete_again(
    accounts: Accounts,
    keys: Keys,
    journal: list[dict[str, Any]],
    names: dict[str, str],
    held: set[str],
) -> Iterator[str]:
    last: dict[str, str] = {}
    gone = {entry["access_key_id"] for entry in journal if entry["event"] == "key.deleted"}
    for entry in journal:
        if entry["event"] in ("account.created", "account.deleted", "key.issued", "key.deleted"):
            last[entry["subject"]] = entry["event"]
    for subject, event in last.items():
        if event == "account.deleted" and (accounts.namespaces(subject) or namespace_of(subject) in held):
            # Maybe only Kafka has any of it still: made whole, it is deleted whole, by the web service.
            try:
                accounts.create(subject)
                accounts.delete(subject)
            except OctopusError as refusal:
                yield _left(names.get(subject, subject), "was deleted and is back", refusal)
            else:
                yield f"Deleted the account of {names.get(subject, subject)} again."
                continue
        # Whatever came after: a key that was deleted must not work again, and one made since is lost anyway.
        again = gone.intersection(key.access_key_id for key in keys.recorded(subject))
        for access_key_id in again:
            keys.revoke(subject, access_key_id)
        if again:
            yield f"Deleted the keys of {names.get(subject, subject)} again."


def _reconcile(features: Features, names: dict[str, str], held: set[str]) -> Iterator[str]:
    accounts = features.accounts
    adopted: list[str] = []
    lost: list[str] = []
    for subject in sorted({*accounts.subjects(), *names}):
        before = _topics(accounts, subject)
        if not before and namespace_of(subject) not in held:
            continue
        account = accounts.find(subject)
        if account is not None and account.state in (State.SUSPENDED, State.DELETING):
            held.discard(namespace_of(subject))  # its topics stay, or go, with it
            continue
        held.discard(namespace_of(subject))
        try:
            accounts.create(subject)
            accounts.reconcile(subject)
        except OctopusError as refusal:
            yield _left(names.get(subject, subject), "was not compared with Kafka", refusal)
            continue
        after = _topics(accounts, subject)
        adopted += sorted(after - before)
        lost += sorted(before - after)
    if adopted:
        yield f"Adopted {len(adopted)} topics that Kafka still holds: {_listed(adopted)}"
    if lost:
        yield f"Removed {len(lost)} topics that Kafka does not hold any more: {_listed(lost)}"
    if held:
        yield (
            f"Kafka holds topics of {len(held)} namespaces whose owners are unknown here: {_listed(held)}. "
            "They are adopted when their owners call next."
        )


def _reconcile_projects(features: Features) -> Iterator[str]:
    found = features.healing.reconcile_projects()
    if found.adopted:
        yield f"Adopted {len(found.adopted)} topics of projects: {_listed(list(found.adopted))}"
    if found.lost:
        yield f"Removed {len(found.lost)} topics of projects that Kafka lost: {_listed(list(found.lost))}"


def _lost_keys(keys: Keys, journal: list[dict[str, Any]], names: dict[str, str]) -> Iterator[str]:
    issued = {
        entry["access_key_id"]: entry["subject"]
        for entry in journal
        if entry["event"] == "key.issued" and entry.get("kind") != "platform"
    }
    for entry in journal:
        if entry["event"] == "key.deleted":
            issued.pop(entry["access_key_id"], None)
    recorded = {key.access_key_id for subject in set(issued.values()) for key in keys.recorded(subject)}
    lost = [
        f"{key} of {names.get(subject, subject)}" for key, subject in issued.items() if key not in recorded
    ]
    if lost:
        yield (
            f"Lost {len(lost)} keys: {_listed(lost)}. The next `octopus key create`, or the SDK's "
            "create_key, issues a new one (fresh: true)."
        )


def _journal(settings: FabricSettings, *, since: datetime.datetime | None) -> Iterator[dict[str, Any]]:
    """What the web service logged of accounts, keys and topics after ``since``, in order."""
    folder = settings.home / "log"
    rotated = sorted(folder.glob("service.log.[0-9]*"), key=lambda path: int(path.suffix[1:]), reverse=True)
    for path in [*rotated, folder / "service.log"]:
        if not path.exists():
            continue
        for line in path.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                time = datetime.datetime.fromisoformat(entry["time"])
            except (ValueError, KeyError, TypeError):
                continue  # not a line of our own
            about_someone = str(entry.get("event", "")).split(".")[0] in ("account", "key", "topic")
            if about_someone and "subject" in entry and (since is None or time > since):
                yield entry


def _names(settings: FabricSettings) -> dict[str, str]:
    if not settings.stand_in:
        return {}
    with IdentityStore(settings.identity_store) as store:
        return {identity.id: identity.name for identity in store.list_identities()}


def _service_key(settings: FabricSettings) -> Credentials:
    profiles = configparser.RawConfigParser()
    profiles.read(credentials_file(settings))
    profile = profiles["service"]
    return Credentials(profile["aws_access_key_id"], profile["aws_secret_access_key"])


def _topics(accounts: Accounts, subject: str) -> set[str]:
    return {
        f"{namespace}.{topic}"
        for namespace, topics in accounts.namespaces(subject).items()
        for topic in topics
    }


def _left(name: str, how: str, refusal: OctopusError) -> str:
    """What is to be known of an account that could not be set right; the others are, all the same."""
    return f"The account of {name} {how}: {refusal.message}"


def _listed(names: list[str] | set[str]) -> str:
    shown = sorted(names)[:10]
    return ", ".join(shown) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
