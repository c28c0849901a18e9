"""Topics in the registry.

Rows (pk / sk):
    ``NAMESPACE#<namespace>`` / ``TOPIC#<name>``: state, created, topic_id once Kafka has it, settings and
        about (JSON; only what was chosen), words (of the catalogue), by.
    ``PENDING#topic`` / ``<full name>``: in every state but ``active`` (`octopus.registry.pending`).
    ``WORD#...``: see `octopus.catalogue.index`.
The namespace's own row, in the same partition, is written by `octopus.accounts.store` or
`octopus.projects.store`; one consistent query reads owner and topics together.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octopus.accounts.models import State as AccountState
from octopus.catalogue.index import Index
from octopus.registry.leases import Lease
from octopus.registry.pending import Pending
from octopus.registry.reading import Key, Row, read_rows, rows_of
from octopus.registry.transactions import ConditionFailedError, write_together
from octopus.topics.about import About
from octopus.topics.models import PROJECT_OWNER, Namespace, State, TopicRecord
from octopus.topics.names import full_name
from octopus.topics.settings import TopicSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TOPIC = "TOPIC#"
_KEPT = frozenset({AccountState.ACTIVE, AccountState.SUSPENDED})
"""States of a namespace in which others may still have rights on its topics."""
_MOST_ITEMS = 100
"""Of one transaction."""
_WORDS_AT_ONCE = 80


class NamespaceGoneError(Exception):
    """The namespace is not the owner's, or not in use."""


class TopicStore:
    """Reads and writes of one registry table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._index = Index(client, table)
        self.pending = Pending(client, table, "topic", clock=clock)

    def read(self, namespace: str) -> Namespace | None:
        """The namespace with its topics; None when nobody owns one of that name."""
        rows = {row["sk"]["S"]: row for row in rows_of(self._client, self._table, _partition(namespace))}
        own = rows.get("NAMESPACE")
        if own is None:
            return None
        topics = [_topic(row) for sk, row in rows.items() if sk.startswith(_TOPIC)]
        return Namespace(
            namespace,
            own["owner"]["S"],
            AccountState(own["state"]["S"]),
            {topic.name: topic for topic in topics},
            TopicSettings(**json.loads(own["defaults"]["S"])) if "defaults" in own else TopicSettings(),
            json.loads(own["bounds"]["S"]) if "bounds" in own else {},
            datetime.fromisoformat(own["ends"]["S"]) if "ends" in own else None,
        )

    def find(self, names: Iterable[str]) -> dict[str, TopicRecord]:
        """Those of the topics, given by full name, that are recorded in a namespace that still has them."""
        keys: dict[str, tuple[Key, Key]] = {}
        for name in names:
            namespace, _, topic = name.partition(".")
            partition = _partition(namespace)
            keys[name] = ((partition, "NAMESPACE"), (partition, f"{_TOPIC}{topic}"))
        rows = read_rows(self._client, self._table, (key for pair in keys.values() for key in pair))
        return {
            name: _topic(rows[topic])
            for name, (namespace_key, topic) in keys.items()
            if topic in rows and namespace_key in rows and rows[namespace_key]["state"]["S"] in _KEPT
        }

    def projects(self) -> Iterator[str]:
        """Every project that is in use, by reading the whole table."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            FilterExpression="sk = :namespace AND #owner = :project AND #state = :active",
            ExpressionAttributeNames={"#owner": "owner", "#state": "state"},
            ExpressionAttributeValues={
                ":namespace": {"S": "NAMESPACE"},
                ":project": {"S": PROJECT_OWNER},
                ":active": {"S": AccountState.ACTIVE},
            },
        )
        for page in pages:
            for item in page["Items"]:
                yield item["pk"]["S"].removeprefix(_partition(""))

    def put(
        self,
        owner: str,
        namespace: str,
        topic: TopicRecord,
        lease: Lease,
        *,
        while_creating: bool = False,
        relist: bool = False,
        further: Sequence[TransactWriteItemTypeDef] = (),
    ) -> TopicRecord:
        """Record the topic, provided that the namespace still is the owner's and in use.

        The catalogue follows: new words lead to the topic at once, and old ones no more once it is active.

        Args:
            topic: ``words`` are those that lead to it until now.
            while_creating: the account itself is still being created.
            relist: it is listed, or no more, unlike before.
            further: what is written with it.

        Returns:
            The topic, with the words that lead to it from now on.

        Raises:
            NamespaceGoneError: it is not; nothing was written.
        """
        name = full_name(namespace, topic.name)
        settled = topic.state is State.ACTIVE
        words = topic.described_by(namespace)
        put = replace(topic, words=words if settled else words | topic.words)
        items: list[TransactWriteItemTypeDef] = [
            self._in_use(owner, namespace, AccountState.CREATING if while_creating else AccountState.ACTIVE),
            self._update(namespace, put),
            self.pending.ended(name) if settled else self.pending.begun(name),
            lease.check(),
            *self._index.added(name, words - (set() if relist else topic.words), listed=topic.about.listed),
            *further,
        ]
        if settled:
            items += self._shed(namespace, topic, topic.words - words, lease, room=_MOST_ITEMS - len(items))
        try:
            write_together(self._client, items)
        except ConditionFailedError as failed:
            if 0 in failed.positions:
                raise NamespaceGoneError(namespace) from None
            raise
        return put

    def begin_removal(self, namespace: str, topic: TopicRecord, lease: Lease) -> None:
        """The topic is being deleted, whatever becomes of its namespace: nobody is given a right on it."""
        closed: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": _topic_row(namespace, topic.name),
                "UpdateExpression": "SET #state = :deleting",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":deleting": {"S": State.DELETING}},
            }
        }
        begun = self.pending.begun(full_name(namespace, topic.name))
        write_together(self._client, [closed, begun, lease.check()])

    def remove(
        self,
        namespace: str,
        topic: TopicRecord,
        lease: Lease,
        *,
        further: Sequence[TransactWriteItemTypeDef] = (),
    ) -> None:
        """Forget the topic; nothing in the catalogue leads to it.

        Args:
            further: what is written with it.
        """
        name = full_name(namespace, topic.name)
        deletion: TransactWriteItemTypeDef = {
            "Delete": {"TableName": self._table, "Key": _topic_row(namespace, topic.name)}
        }
        items = [deletion, self.pending.ended(name), lease.check(), *further]
        items += self._shed(namespace, topic, topic.words, lease, room=_MOST_ITEMS - len(items))
        write_together(self._client, items)

    def end(self, name: str, lease: Lease) -> None:
        """Note that nothing of a topic, given by its full name, is half-done any more."""
        write_together(self._client, [self.pending.ended(name), lease.check()])

    def _shed(
        self, namespace: str, topic: TopicRecord, words: Set[str], lease: Lease, *, room: int
    ) -> list[TransactWriteItemTypeDef]:
        """Items after which these words lead to the topic no more; those for which there is no room go first.

        A change that is cut short leaves the words of before and after it, so that there may be any number.
        """
        name = full_name(namespace, topic.name)
        going, left = sorted(words), set(topic.words)
        while len(going) > room:
            some, going = going[:_WORDS_AT_ONCE], going[_WORDS_AT_ONCE:]
            left -= set(some)
            recorded = self._reworded(namespace, topic.name, left)
            write_together(self._client, [recorded, lease.check(), *self._index.removed(name, some)])
        return self._index.removed(name, going)

    def _reworded(self, namespace: str, topic: str, words: Set[str]) -> TransactWriteItemTypeDef:
        update: Any = {
            "TableName": self._table,
            "Key": _topic_row(namespace, topic),
            "UpdateExpression": "REMOVE #words",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {"#words": "words"},
        }
        if words:  # an empty set is none to DynamoDB
            update["UpdateExpression"] = "SET #words = :words"
            update["ExpressionAttributeValues"] = {":words": {"SS": sorted(words)}}
        return {"Update": update}

    def _in_use(self, owner: str, namespace: str, state: AccountState) -> TransactWriteItemTypeDef:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": {"pk": {"S": _partition(namespace)}, "sk": {"S": "NAMESPACE"}},
                "ConditionExpression": "#owner = :owner AND #state = :wanted",
                "ExpressionAttributeNames": {"#owner": "owner", "#state": "state"},
                "ExpressionAttributeValues": {":owner": {"S": owner}, ":wanted": {"S": state}},
            }
        }

    def _update(self, namespace: str, topic: TopicRecord) -> TransactWriteItemTypeDef:
        told: dict[str, Any] = {
            "state": {"S": topic.state},
            "settings": {"S": json.dumps(topic.settings.told(), sort_keys=True)},
            "about": {"S": json.dumps(topic.about.model_dump(exclude_defaults=True), sort_keys=True)},
            "words": {"SS": sorted(topic.words)},
        }
        if topic.topic_id is not None:
            told["topic_id"] = {"S": topic.topic_id}
        if topic.by is not None:
            told["by"] = {"S": topic.by}
        chosen = ", ".join(f"#{name} = :{name}" for name in told)
        return {
            "Update": {
                "TableName": self._table,
                "Key": _topic_row(namespace, topic.name),
                "UpdateExpression": f"SET {chosen}, created = if_not_exists(created, :now)",
                "ExpressionAttributeNames": {f"#{name}": name for name in told},
                "ExpressionAttributeValues": {
                    ":now": {"S": _now()},
                    **{f":{name}": value for name, value in told.items()},
                },
            }
        }


def _topic(row: Row) -> TopicRecord:
    return TopicRecord(
        name=row["sk"]["S"].removeprefix(_TOPIC),
        state=State(row["state"]["S"]),
        topic_id=row["topic_id"]["S"] if "topic_id" in row else None,
        settings=TopicSettings(**json.loads(row["settings"]["S"])) if "settings" in row else TopicSettings(),
        about=About(**json.loads(row["about"]["S"])) if "about" in row else About(),
        words=frozenset(row["words"]["SS"]) if "words" in row else frozenset(),
        by=row["by"]["S"] if "by" in row else None,
    )


def _partition(namespace: str) -> str:
    return f"NAMESPACE#{namespace}"


def _topic_row(namespace: str, topic: str) -> dict[str, Any]:
    return {"pk": {"S": _partition(namespace)}, "sk": {"S": f"{_TOPIC}{topic}"}}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
