"""Namespaces that change hands, are emptied, or are deleted while their owner's account stays.

Rows of the registry (pk / sk), besides those of `octopus.accounts.store`:
    ``PENDING#wipe`` / ``<namespace>``: actor (S), topics (map of name to Kafka's topic id) and groups (SS)
        that there were, and as_of (S, ISO-8601 UTC), when somebody asked for the namespace to be emptied:
        what was made, or given, since is left.
    ``PENDING#namespace`` / ``<namespace>``: while it is being deleted. Its row ``NAMESPACE`` then has the
        state ``deleting``, and withdrawn (N, s since epoch) once nobody's policy names it any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.accounts.models import Account, State
from octopus.registry.leases import Lease
from octopus.registry.pending import Pending
from octopus.registry.reading import Key, Row, read_rows
from octopus.registry.transactions import write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    Items = Sequence[TransactWriteItemTypeDef]


@dataclass(frozen=True)
class Wipe:
    """What is to be gone of a namespace that is being emptied."""

    namespace: str
    actor: str
    topics: Mapping[str, str]
    """Kafka's id of each topic, by its name without the namespace."""
    groups: tuple[str, ...]
    """Whole names."""
    as_of: datetime
    """Of grants those go that were given by then; UTC, whole seconds."""


@dataclass(frozen=True)
class Leaving:
    """A namespace that is being deleted."""

    namespace: str
    owner: str
    """Subject whose it was."""
    withdrawn: float | None
    """When nobody's policy named it any more; s since epoch."""


class NamespaceStore:
    """Reads and writes of one registry table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self.wipes = Pending(client, table, "wipe", clock=clock)
        self.leaving = Pending(client, table, "namespace", clock=clock)

    def now(self) -> datetime:
        """This moment, in UTC."""
        return datetime.fromtimestamp(self._clock(), UTC)

    def begin_wipe(self, wipe: Wipe, lease: Lease, change: Items) -> None:
        """Note what is to be gone, before anything is; a note of before, not yet ended, gives way to it."""
        begun = self.wipes.begun(wipe.namespace)
        begun["Put"]["Item"] = {
            **begun["Put"]["Item"],
            "actor": {"S": wipe.actor},
            "as_of": {"S": wipe.as_of.isoformat(timespec="seconds")},
            "topics": {"M": {name: {"S": topic_id} for name, topic_id in wipe.topics.items()}},
            **({"groups": {"SS": list(wipe.groups)}} if wipe.groups else {}),
        }
        write_together(self._client, [begun, lease.check(), *change])

    def wipe(self, namespace: str) -> Wipe | None:
        """What is to be gone of a namespace; None when nothing is pending."""
        row = self._read(("PENDING#wipe", namespace))
        if row is None:
            return None
        topics = {name: topic_id["S"] for name, topic_id in row["topics"]["M"].items()}
        return Wipe(
            namespace,
            actor=row["actor"]["S"],
            topics=topics,
            groups=tuple(sorted(row.get("groups", {}).get("SS", ()))),
            as_of=datetime.fromisoformat(row["as_of"]["S"]),
        )

    def end_wipe(self, namespace: str, lease: Lease) -> None:
        """Note that what was to be gone is."""
        write_together(self._client, [self.wipes.ended(namespace), lease.check()])

    def owner(self, namespace: str) -> str | None:
        """Subject that owns the namespace, in whatever state it is."""
        row = self._read(_key(namespace))
        return row["owner"]["S"] if row else None

    def part(self, account: Account, namespace: str, lease: Lease, change: Items) -> None:
        """Take a namespace from its account; it is being deleted from now on."""
        items: list[Any] = [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": _row(_key(namespace)),
                    "UpdateExpression": "SET #state = :deleting",
                    "ConditionExpression": "#owner = :subject",
                    "ExpressionAttributeNames": {"#state": "state", "#owner": "owner"},
                    "ExpressionAttributeValues": {
                        ":deleting": {"S": State.DELETING},
                        ":subject": {"S": account.subject},
                    },
                }
            },
            {
                "Update": {
                    "TableName": self._table,
                    "Key": _account_row(account.subject),
                    "UpdateExpression": "DELETE namespaces :parted",
                    "ConditionExpression": "#state = :active",
                    "ExpressionAttributeNames": {"#state": "state"},
                    "ExpressionAttributeValues": {
                        ":active": {"S": State.ACTIVE},
                        ":parted": {"SS": [namespace]},
                    },
                }
            },
        ]
        begun = self.leaving.begun(namespace, due_in_s=0)
        write_together(self._client, [*items, begun, lease.check(), *change])

    def left(self, namespace: str) -> Leaving | None:
        """A namespace that is being deleted; None when it is in use, or there is none."""
        row = self._read(_key(namespace))
        if row is None or row["state"]["S"] != State.DELETING:
            return None
        withdrawn = float(row["withdrawn"]["N"]) if "withdrawn" in row else None
        return Leaving(namespace, row["owner"]["S"], withdrawn)

    def withdrawn(self, namespace: str, lease: Lease, *, due_in_s: float) -> None:
        """Note that nobody's policy names it any more; its deletion goes on in ``due_in_s`` seconds."""
        note: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": _row(_key(namespace)),
                "UpdateExpression": "SET withdrawn = :now",
                "ConditionExpression": "#state = :deleting",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {
                    ":now": {"N": f"{self._clock():.3f}"},
                    ":deleting": {"S": State.DELETING},
                },
            }
        }
        again = self.leaving.begun(namespace, due_in_s=due_in_s)
        write_together(self._client, [note, again, lease.check()])

    def remove(self, namespace: str, lease: Lease) -> None:
        """Forget a namespace that is being deleted."""
        deletion: TransactWriteItemTypeDef = {
            "Delete": {
                "TableName": self._table,
                "Key": _row(_key(namespace)),
                "ConditionExpression": "#state = :deleting",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":deleting": {"S": State.DELETING}},
            }
        }
        write_together(self._client, [deletion, self.leaving.ended(namespace), lease.check()])

    def settle(self, namespace: str, lease: Lease) -> None:
        """Note that nothing of the deletion is half-done."""
        write_together(self._client, [self.leaving.ended(namespace), lease.check()])

    def _read(self, key: Key) -> Row | None:
        return read_rows(self._client, self._table, [key]).get(key)


def _key(namespace: str) -> Key:
    return (f"NAMESPACE#{namespace}", "NAMESPACE")


def _row(key: Key) -> Row:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _account_row(subject: str) -> Row:
    return _row((f"SUBJECT#{subject}", "ACCOUNT"))
