"""Accounts that were moved or deleted after the state that was put back, and topics that Kafka holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from octopus.accounts.models import State
from octopus.accounts.moves import Moves
from octopus.accounts.namespaces import Namespaces
from octopus.accounts.service import Accounts
from octopus.errors import OctopusError
from octopus.fabric.healing.journal import Entry
from octopus.fabric.healing.told import left, listed
from octopus.topics.names import namespace_of


def move_again(
    accounts: Accounts, moves: Moves, journal: Sequence[Entry], names: Mapping[str, str], held: set[str]
) -> Iterator[str]:
    """Whoever moved to another identity has everything there, topics that only Kafka still knows too."""
    for entry in journal:
        if entry["event"] != "account.moved":
            continue
        old, new = entry["subject"], entry["to"]
        whose = names.get(old, old)
        if accounts.find(old) is None and namespace_of(old) not in held:
            continue
        try:
            if namespace_of(old) in held:
                accounts.create(old)
            moves.move(old, new)
        except OctopusError as refusal:
            yield left(whose, f"was moved to {names.get(new, new)} and is back", refusal)
        else:
            yield f"Moved the account of {whose} to {names.get(new, new)} again."


def delete_again(
    accounts: Accounts,
    namespaces: Namespaces,
    journal: Sequence[Entry],
    names: Mapping[str, str],
    held: set[str],
) -> Iterator[str]:
    """No account and no further namespace is there that was deleted."""
    last: dict[str, str] = {}
    for entry in journal:
        event = entry["event"]
        if event == "namespace.deleted":
            yield from _delete_namespace_again(accounts, namespaces, entry["subject"], entry["namespace"])
        elif event in ("account.created", "account.deleted", "key.issued", "key.deleted"):
            last[entry["subject"]] = event
    # Whose person moved has no account: what there was is another's by now, and not to be deleted.
    moved = {entry["subject"] for entry in journal if entry["event"] == "account.moved"}
    for subject, event in last.items():
        gone = event == "account.deleted" and subject not in moved
        if gone and (accounts.namespaces(subject) or namespace_of(subject) in held):
            # Maybe only Kafka has any of it still: made whole, it is deleted whole, by the web service.
            try:
                accounts.create(subject)
                accounts.delete(subject, further_too=True)
            except OctopusError as refusal:
                yield left(names.get(subject, subject), "was deleted and is back", refusal)
            else:
                yield f"Deleted the account of {names.get(subject, subject)} again."


def reconcile(accounts: Accounts, names: Mapping[str, str], held: set[str]) -> Iterator[str]:
    """Topics that Kafka holds are those of their namespaces' owners, and no others are."""
    adopted: list[str] = []
    lost: list[str] = []
    # Accounts first: a namespace may be another's by now than its name says.
    for subject in dict.fromkeys([*sorted(accounts.subjects()), *sorted(names)]):
        account = accounts.find(subject)
        own = account.namespaces if account is not None else frozenset({namespace_of(subject)})
        before = _topics(accounts, subject)
        if not before and not own & held:
            continue
        held -= own
        if account is not None and account.state in (State.SUSPENDED, State.DELETING):
            continue  # its topics stay, or go, with it
        try:
            accounts.create(subject)
            accounts.reconcile(subject)
        except OctopusError as refusal:
            yield left(names.get(subject, subject), "was not compared with Kafka", refusal)
            continue
        after = _topics(accounts, subject)
        adopted += sorted(after - before)
        lost += sorted(before - after)
    if adopted:
        yield f"Adopted {len(adopted)} topics that Kafka still holds: {listed(adopted)}"
    if lost:
        yield f"Removed {len(lost)} topics that Kafka does not hold any more: {listed(lost)}"
    if held:
        yield (
            f"Kafka holds topics of {len(held)} namespaces whose owners are unknown here: {listed(held)}. "
            "They are adopted when their owners call next."
        )


def _delete_namespace_again(
    accounts: Accounts, namespaces: Namespaces, subject: str, namespace: str
) -> Iterator[str]:
    account = accounts.find(subject)
    if account is None or namespace not in account.namespaces:
        return
    try:
        namespaces.delete(subject, namespace)
    except OctopusError as refusal:
        yield f"The namespace {namespace} was deleted and is back: {refusal.message}"
    else:
        yield f"Deleted the namespace {namespace} again."


def _topics(accounts: Accounts, subject: str) -> set[str]:
    return {
        f"{namespace}.{topic}"
        for namespace, topics in accounts.namespaces(subject).items()
        for topic in topics
    }
