"""The credentials table: keys, their owners' pointers, versions of principals and the log of changes.

Rows (pk / sk):
    ``KEY#<access key id>`` / ``KEY``: subject, user_name, kind, state, secret (ciphertext), created,
        label, expires, successor, planned_end, and a session's topics and actions, where they apply.
    ``SUBJECT#<subject>`` / ``KEY#<access key id>``: pointer of the owner, with the key's kind; in one
        transaction with the key.
    ``SUBJECT#<subject>`` / ``VERSION``: version (N), policy_sha256, and changed: when the policy was. Never
        deleted, so that a version number is never used twice.
    ``CHANGES#<UTC hour>`` / ``<time>#<subject>``: in one transaction with every bump of a version.
    ``USE#<access key id>`` / ``USE``: last_used, and ttl for a key with an end. The judge's; here it is only
        read, and deleted with the key.
    ``USE#judge`` / ``USE``: since, until. Between them every use was noted; the judges' too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_random_exponential

from octopus.credentials import items
from octopus.credentials.models import KeyState, Kind, StoredKey
from octopus.errors import UnavailableError
from octopus.registry.transactions import ConditionFailedError, write_together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

NO_POLICY_SHA256 = ""
"""In the version row of a principal that has no inline policy."""
_CHANGES_KEPT_S = 24 * 3600
_READ_AT_ONCE = 100
"""DynamoDB's ceiling for one batch."""
_FORGOTTEN_AT_ONCE = 16
"""Keys; each takes three, and its event three more, of the hundred items that a transaction may have."""
_THROTTLE_PATIENCE_S = 5.0


class CredentialStore:
    """Reads and writes of one credentials table; every read is consistent."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def keys_of(self, subject: str) -> list[StoredKey]:
        """The owner's long-lived keys, newest first."""
        return self._read([id_ for id_, kind in self._pointers(subject) if kind != Kind.SESSION])

    def all_of(self, subject: str) -> list[StoredKey]:
        """The owner's keys and sessions, newest first."""
        return self._read([id_ for id_, _ in self._pointers(subject)])

    def key(self, subject: str, access_key_id: str) -> StoredKey | None:
        """One of the owner's keys or sessions; None when the owner has none of that id."""
        found = self._read([access_key_id])
        return found[0] if found and found[0].subject == subject else None

    def live_sessions(self, subject: str) -> int:
        """How many sessions of the owner have not ended."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            Select="COUNT",
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            FilterExpression="expires > :now AND kind = :session",
            ExpressionAttributeValues={
                ":pk": {"S": f"SUBJECT#{subject}"},
                ":prefix": {"S": "KEY#"},
                ":now": {"S": datetime.now(UTC).isoformat()},
                ":session": {"S": Kind.SESSION},
            },
        )
        return sum(page["Count"] for page in pages)

    def last_used(self, access_key_ids: Sequence[str]) -> dict[str, str]:
        """When the judge last saw each key; those that it never saw are left out."""
        rows = [items.use_row(id_) for id_ in access_key_ids]
        return {
            item["pk"]["S"].removeprefix("USE#"): item["last_used"]["S"] for item in self._read_rows(rows)
        }

    def uses_watched(self) -> tuple[datetime, datetime] | None:
        """From when and until when judges have noted all uses, without a gap; None where they never did."""
        found = list(self._read_rows([items.WATCH_ROW]))
        if not found:
            return None
        since, until = (datetime.fromisoformat(found[0][name]["S"]) for name in ("since", "until"))
        return since, until

    def add(self, key: StoredKey, *others: TransactWriteItemTypeDef) -> None:
        """Record a key, its owner's pointer and the change, together with ``others``.

        A session is no change: the judge has never heard of its key, and the owner's rights are as before.
        """
        item, pointer = items.write(key)
        change = [] if key.kind is Kind.SESSION else self.change(key.subject)
        self._write(
            [
                *others,
                {"Put": {"TableName": self._table, "Item": item}},
                {"Put": {"TableName": self._table, "Item": pointer}},
                *change,
            ]
        )

    def remove(
        self,
        subject: str,
        access_key_ids: Sequence[str],
        *checks: TransactWriteItemTypeDef,
        told: Mapping[str, Sequence[TransactWriteItemTypeDef]] | None = None,
    ) -> None:
        """Forget keys of one owner, with all their rows, and record the change; many go in several steps.

        Args:
            checks: made with each step.
            told: by access key id, what is written together with its end: its event.
        """
        for first in range(0, len(access_key_ids), _FORGOTTEN_AT_ONCE):
            some = access_key_ids[first : first + _FORGOTTEN_AT_ONCE]
            events = [item for id_ in some for item in (told or {}).get(id_, ())]
            self._write([*checks, *self._removal(subject, some), *events, *self.change(subject)])

    def _removal(self, subject: str, access_key_ids: Sequence[str]) -> list[TransactWriteItemTypeDef]:
        return [
            {"Delete": {"TableName": self._table, "Key": row}}
            for id_ in access_key_ids
            for row in (items.key_row(id_), items.pointer_row(subject, id_), items.use_row(id_))
        ]

    def clear_away(self, subject: str, ended: Sequence[str]) -> None:
        """Forget sessions that have ended by themselves: nothing changes for anybody."""
        for first in range(0, len(ended), _FORGOTTEN_AT_ONCE):
            self._write(self._removal(subject, ended[first : first + _FORGOTTEN_AT_ONCE]))

    def set_states(
        self, subject: str, states: Mapping[str, KeyState], *others: TransactWriteItemTypeDef
    ) -> None:
        """Put an owner's few keys, by access key id, into other states, and record the change.

        Args:
            others: checks and events that belong to it; not written when there are no keys.
        """
        updates = [self._update(id_, state=state.value) for id_, state in states.items()]
        if updates:
            self._write([*updates, *others, *self.change(subject)])

    def set_ends(self, subject: str, ends: Mapping[str, str], *others: TransactWriteItemTypeDef) -> None:
        """Let an owner's few keys, by access key id, end at these moments, and record the change.

        Args:
            ends: ISO-8601, UTC.
            others: as for `set_states`.
        """
        updates = [self._update(id_, expires=end) for id_, end in ends.items()]
        if updates:
            self._write([*updates, *others, *self.change(subject)])

    def succeeded(self, key: StoredKey, expires: str, *, by: str) -> TransactWriteItemTypeDef:
        """Item of the transaction that records a key's successor: its predecessor works until ``expires``."""
        end = key.planned_end if key.successor else key.expires
        planned = {"planned_end": end} if end else {}
        return self._update(key.access_key_id, expires=expires, successor=by, **planned)

    def set_label(self, access_key_id: str, label: str, *others: TransactWriteItemTypeDef) -> bool:
        """Call a key something else, together with ``others``; returns False when there is no such key.

        No change for the judge.
        """
        try:
            self._write([self._update(access_key_id, label=label), *others])
        except ConditionFailedError:
            return False
        return True

    def bump_version(
        self, subject: str, policy_sha256: str | None = None, *conditions: TransactWriteItemTypeDef
    ) -> None:
        """Tell the judge that something of this principal changed.

        Args:
            policy_sha256: of the policies now in force; None leaves what is recorded.
            conditions: items without which nothing is told.

        Raises:
            ConditionFailedError: one of them did not hold.
        """
        self._write([*self.change(subject, policy_sha256), *conditions])

    def policy_sha256(self, subject: str) -> str | None:
        """Hash of the policies that the principal was last said to have; None when nothing was said."""
        rows = list(self._read_rows([items.version_row(subject)]))
        return rows[0]["policy_sha256"]["S"] if rows else None

    def change(self, subject: str, policy_sha256: str | None = None) -> list[TransactWriteItemTypeDef]:
        """The two items that belong into every transaction that changes a principal."""
        now = datetime.now(UTC)
        stamp = now.isoformat(timespec="microseconds")
        policy, changed = ":policy", ":now"
        if policy_sha256 is None:
            policy, changed = "if_not_exists(policy_sha256, :policy)", "if_not_exists(changed, :now)"
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": items.version_row(subject),
                    "UpdateExpression": f"SET changed = {changed}, policy_sha256 = {policy} ADD version :one",
                    "ExpressionAttributeValues": {
                        ":one": {"N": "1"},
                        ":now": {"S": stamp},
                        ":policy": {"S": policy_sha256 or NO_POLICY_SHA256},
                    },
                }
            },
            {
                "Put": {
                    "TableName": self._table,
                    "Item": {
                        "pk": {"S": f"CHANGES#{now:%Y-%m-%dT%H}"},
                        "sk": {"S": f"{stamp}#{subject}"},
                        "subject": {"S": subject},
                        "ttl": {"N": str(int(time.time()) + _CHANGES_KEPT_S)},
                    },
                }
            },
        ]

    def _pointers(self, subject: str) -> Iterator[tuple[str, str]]:
        """Access key id and kind of each key; pointers made before there were sessions name no kind."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": f"SUBJECT#{subject}"}, ":prefix": {"S": "KEY#"}},
        )
        for page in pages:
            for item in page["Items"]:
                yield item["sk"]["S"].removeprefix("KEY#"), item["kind"]["S"] if "kind" in item else ""

    def _read(self, access_key_ids: Sequence[str]) -> list[StoredKey]:
        keys = [items.read(item) for item in self._read_rows([items.key_row(id_) for id_ in access_key_ids])]
        return sorted(keys, key=lambda key: (key.created, key.access_key_id), reverse=True)

    def _read_rows(self, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        attempts = Retrying(
            retry=retry_if_result(lambda left: bool(left)),
            wait=wait_random_exponential(multiplier=0.02, max=0.5),
            stop=stop_after_delay(_THROTTLE_PATIENCE_S),
            retry_error_callback=_throttled,
        )
        for first in range(0, len(rows), _READ_AT_ONCE):
            found: list[dict[str, Any]] = []
            left = list(rows[first : first + _READ_AT_ONCE])
            attempts(self._read_some, left, found)
            yield from found

    def _read_some(self, left: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Move what DynamoDB hands over of ``left`` to ``found``; returns what is left."""
        reply = self._client.batch_get_item(
            RequestItems={self._table: {"Keys": left, "ConsistentRead": True}}
        )
        found += reply["Responses"].get(self._table, [])
        unread = reply["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]
        left[:] = [dict(row) for row in unread]
        return left

    def _update(self, access_key_id: str, **attributes: str) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": items.key_row(access_key_id),
                "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
                "ExpressionAttributeValues": {f":{name}": {"S": value} for name, value in attributes.items()},
            }
        }

    def _write(self, writes: Sequence[TransactWriteItemTypeDef]) -> None:
        write_together(self._client, writes)


def _throttled(_state: object) -> None:
    raise UnavailableError("The registry is busy: nothing was done, try again")
